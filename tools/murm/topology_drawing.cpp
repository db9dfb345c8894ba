#include "tools/murm/topology_drawing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "runtime/svg.hpp"

namespace murm {
namespace {

using svg::number;
using svg::Point;
using svg::text_at;

constexpr std::size_t kPanelsMax = 6;
constexpr std::size_t kPanelsOfRandomRounds = 3;
constexpr std::size_t kPanelsPerRow = 3;
constexpr std::size_t kEdgesMax = 6000;
constexpr std::size_t kLabelsMax = 100;
constexpr double kMargin = 28;
constexpr double kTop = 78;  // below title and subtitle
constexpr double kCaption = 26;

/// Where peers stand in a panel whose upper left corner is 0, 0.
class Layout {
 public:
  Layout(const Topology& topology, double side) : peers_(topology.peers()), side_(side) {
    const auto [height, width] = topology.sides();
    if (height > 1) {
      width_ = width;
      gap_ = side / static_cast<double>(std::max(height, width));
    } else {
      gap_ = std::min(side / 2, std::numbers::pi * side / static_cast<double>(peers_));
    }
    radius_ = std::clamp(gap_ * 0.3, 1.2, 15.0);
  }

  bool grid() const { return width_ > 0; }
  double radius() const { return radius_; }
  double gap() const { return gap_; }
  double height() const { return grid() ? gap_ * static_cast<double>(peers_ / width_) : side_; }

  Point at(PeerIndex peer) const {
    if (grid()) {
      return {gap_ * (0.5 + static_cast<double>(peer % width_)),
              gap_ * (0.5 + static_cast<double>(peer / width_))};
    }
    const double angle = 2 * std::numbers::pi * peer / static_cast<double>(peers_);
    const double circle = side_ / 2 - radius_ - 1;
    return {side_ / 2 + circle * std::sin(angle), side_ / 2 - circle * std::cos(angle)};
  }

  /// True of two ends of a row or a column of the grid that are linked around the back.
  bool around(PeerIndex a, PeerIndex b) const {
    if (!grid()) return false;
    const auto apart = [](std::size_t x, std::size_t y) { return x > y ? x - y : y - x; };
    return apart(a % width_, b % width_) > 1 || apart(a / width_, b / width_) > 1;
  }

 private:
  std::size_t peers_;
  double side_;
  std::size_t width_ = 0;  // of the grid; 0: a circle
  double gap_ = 0;         // between neighbours
  double radius_ = 0;
};

std::string segment(Point from, Point to) {
  return "M" + number(from.x) + " " + number(from.y) + "L" + number(to.x) + " " + number(to.y);
}

struct Strokes {
  std::string lines;
  std::string heads;
  std::string around;
};

void draw_edge(Strokes& strokes, const Layout& layout, PeerIndex from, PeerIndex to, bool arrow) {
  const Point a = layout.at(from);
  const Point b = layout.at(to);
  const double length = std::hypot(b.x - a.x, b.y - a.y);
  const Point along{(b.x - a.x) / length, (b.y - a.y) / length};
  const auto ahead = [&](Point start, double distance) {
    return Point{start.x + along.x * distance, start.y + along.y * distance};
  };
  if (layout.around(from, to)) {  // leaves the grid on one side and comes back on the other
    strokes.around += segment(a, ahead(a, -layout.gap() / 2));
    strokes.around += segment(b, ahead(b, layout.gap() / 2));
    return;
  }
  if (!arrow) {
    strokes.lines += segment(a, b);
    return;
  }
  const double size = std::clamp(layout.radius() * 0.9, 2.5, 9.0);
  const Point tip = ahead(b, -layout.radius() - 1);
  const Point base = ahead(tip, -size);
  const Point left{base.x - along.y * size * 0.45, base.y + along.x * size * 0.45};
  const Point right{base.x + along.y * size * 0.45, base.y - along.x * size * 0.45};
  strokes.lines += segment(a, base);
  strokes.heads += segment(tip, left) + "L" + number(right.x) + " " + number(right.y) + "Z";
}

std::string path(const char* style, const std::string& data) {
  return data.empty() ? "" : "<path class=\"" + std::string(style) + "\" d=\"" + data + "\"/>\n";
}

std::string nodes(const Topology& topology, const Layout& layout) {
  const bool labelled = topology.peers() <= kLabelsMax && layout.radius() > 4;
  std::string text = "<g class=\"peer\">\n";
  for (PeerIndex peer = 0; peer < topology.peers(); ++peer) {
    const Point at = layout.at(peer);
    text += "<circle cx=\"" + number(at.x) + "\" cy=\"" + number(at.y) + "\" r=\"" +
            number(layout.radius()) + "\"/>\n";
  }
  text += "</g>\n";
  if (!labelled) return text;
  const double size = std::min(13.0, layout.radius() * 1.1);
  text += "<g style=\"font-size:" + number(size) + "px\">\n";
  for (PeerIndex peer = 0; peer < topology.peers(); ++peer) {
    const Point at = layout.at(peer);
    text += text_at(at.x, at.y + size * 0.36, "number", std::to_string(peer));
  }
  return text + "</g>\n";
}

std::size_t edges_of(const Topology& topology, std::uint64_t round) {
  std::size_t count = 0;
  Shares shares;
  for (PeerIndex peer = 0; peer < topology.peers(); ++peer) {
    topology.send(peer, round, shares);
    count += shares.others.size();
  }
  return topology.directed() ? count : count / 2;
}

std::string panel(const Topology& topology, const Layout& layout, std::uint64_t round,
                  PeerIndex last) {
  Strokes strokes;
  Shares shares;
  for (PeerIndex peer = 0; peer <= last; ++peer) {
    topology.send(peer, round, shares);
    for (const Share& share : shares.others) {
      if (topology.directed() || peer < share.peer)
        draw_edge(strokes, layout, peer, share.peer, topology.directed());
    }
  }
  return path("link", strokes.lines) + path("link around", strokes.around) +
         path("head", strokes.heads) + nodes(topology, layout);
}

std::string opened(double width, double height) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
         number(height) + "\" viewBox=\"0 0 " + number(width) + " " + number(height) +
         "\" font-family=\"'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif\" "
         "role=\"img\">\n<style>\n"
         ".title{font-size:20px;font-weight:bold;fill:#222}\n"
         ".subtitle{font-size:13.5px;fill:#555}\n"
         ".caption{font-size:13px;fill:#444;text-anchor:middle}\n"
         ".number{fill:#222;text-anchor:middle}\n"
         ".link{stroke:#0072B2;stroke-width:1.3;stroke-opacity:.6;fill:none}\n"
         ".around{stroke-dasharray:3 3}\n"
         ".head{fill:#D55E00}\n"
         ".peer{fill:#fff;stroke:#222;stroke-width:1.2}\n"
         "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
}

std::size_t panels_of(const Topology& topology) {
  if (topology.period() == 0) return kPanelsOfRandomRounds;
  return std::min(topology.period(), kPanelsMax);
}

/// What the picture does not show.
std::string remark(const Topology& topology, bool first_peer_only) {
  if (first_peer_only) return "Only the links of peer 0 are drawn: all would be a blot.";
  if (topology.sides().first > 2) return "Dashed lines lead around to the opposite side.";
  if (topology.sides().first == 2 && topology.sides().second > 2)
    return "Dashed lines lead around to the other end of the row.";
  if (topology.period() == 0) return "The first rounds; each one is drawn anew.";
  if (topology.period() > kPanelsMax)
    return "The first " + std::to_string(kPanelsMax) + " rounds of " +
           std::to_string(topology.period()) + ".";
  return "";
}

}  // namespace

std::string topology_svg(const Topology& topology, const std::string& subtitle) {
  const std::size_t panels = panels_of(topology);
  const std::size_t columns = std::min(panels, kPanelsPerRow);
  const std::size_t rows = (panels + columns - 1) / columns;
  const double side = panels == 1 ? 560 : 330;
  const Layout layout(topology, side);
  const bool first_peer_only = edges_of(topology, 0) > kEdgesMax;
  const std::string below = remark(topology, first_peer_only);
  const double pitch = layout.height() + (panels > 1 ? kCaption : 0) + kMargin;
  const double width = std::max(480.0, kMargin + static_cast<double>(columns) * (side + kMargin));
  const double height = kTop + static_cast<double>(rows) * pitch + (below.empty() ? 0 : kCaption);
  const double left = (width - static_cast<double>(columns) * (side + kMargin) + kMargin) / 2;
  std::string text = opened(width, height);
  text += text_at(
      kMargin, 36, "title",
      std::string(to_text(topology.kind())) + ", " + std::to_string(topology.peers()) + " peers");
  text += text_at(kMargin, 58, "subtitle", subtitle);
  const auto last = first_peer_only ? 0 : static_cast<PeerIndex>(topology.peers() - 1);
  for (std::size_t i = 0; i < panels; ++i) {
    const double x = left + static_cast<double>(i % columns) * (side + kMargin);
    const double y = kTop + static_cast<double>(i / columns) * pitch;
    text += "<g transform=\"translate(" + number(x) + " " + number(y) + ")\">\n" +
            panel(topology, layout, i, last);
    if (panels > 1) {
      text += text_at(side / 2, layout.height() + kCaption - 6, "caption",
                      "round " + std::to_string(i + 1));
    }
    text += "</g>\n";
  }
  if (!below.empty()) text += text_at(kMargin, height - 18, "subtitle", below);
  return text + "</svg>\n";
}

}  // namespace murm
