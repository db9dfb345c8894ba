// loss.svg: training loss and test accuracy of a run, as a picture.
// Room: runtime. Numbers in, text out; no file.
// Caller: actors/training_node, at the end of a run.
#pragma once
#include <string>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

struct LossPlot {
  struct Training {
    SampleCount samples = 0;
    double loss = 0;
  };
  struct Evaluation {
    SampleCount samples = 0;
    double accuracy = 0;  // fraction
  };

  std::string title;               // name of the job
  std::string subtitle;            // algorithm and place, as in "asp, 4 workers, 12.1 s"
  std::vector<Training> training;  // ascending in samples
  std::vector<Evaluation> evaluations;
};

/// A complete SVG document, of bounded size for any number of points; points that are not finite are
/// left out. Two panels over one axis of samples: loss (logarithmic when it spans much), accuracy.
std::string loss_svg(const LossPlot& plot);

/// Ticks at 1, 2 or 5 times a power of ten inside [low, high], about `count` of them.
std::vector<double> nice_ticks(double low, double high, int count);

}  // namespace murm
