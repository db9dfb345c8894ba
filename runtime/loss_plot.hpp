// loss.svg: training loss and test accuracy (or evaluated loss) of a run, as a picture.
// Room: runtime. Numbers in, text out; no file.
// Caller: actors/training_node, at the end of a run.
#pragma once
#include <limits>
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
    double accuracy = 0;  // fraction; NaN: the model has none
    double loss = std::numeric_limits<double>::quiet_NaN();
  };

  std::string title;               // name of the job
  std::string subtitle;            // algorithm and place, as in "asp, 4 workers, 12.1 s"
  std::vector<Training> training;  // ascending in samples
  std::vector<Evaluation> evaluations;
};

/// A complete SVG document, of bounded size for any number of points; points that are not finite are
/// left out. Two panels over one axis of samples: loss (logarithmic when it spans much), accuracy; without
/// any accuracy the loss of the evaluations.
std::string loss_svg(const LossPlot& plot);

}  // namespace murm
