#include "qrexec/policy/graph.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

namespace bh::policy {
namespace {

constexpr std::size_t kMaxLabelCalls = 4;

// GUARD: names come from the admin daemon and from rules; a quote or bracket in one must not become syntax of the picture.
std::string quoted_for_dot(std::string_view text) {
  std::string quoted = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? '_' : c;
  }
  return quoted + '"';
}

std::string escaped_for_svg(std::string_view text) {
  std::string escaped;
  for (char const c : text) {
    if (c == '&') escaped += "&amp;";
    else if (c == '<') escaped += "&lt;";
    else if (c == '>') escaped += "&gt;";
    else if (c == '"') escaped += "&quot;";
    else escaped += static_cast<unsigned char>(c) < 0x20 ? '_' : c;
  }
  return escaped;
}

std::string label_of(Arrow const& arrow) {
  std::string text;
  for (std::size_t i = 0; i < std::min(arrow.calls.size(), kMaxLabelCalls); ++i) text += (i == 0 ? "" : ", ") + arrow.calls[i];
  if (arrow.calls.size() > kMaxLabelCalls) text += ", +" + std::to_string(arrow.calls.size() - kMaxLabelCalls);
  return text;
}

// "#rrggbb" of the qube's label; grey where there is none.
std::string colour_of(std::string const& node, SystemInfo const& info) {
  std::string const name = node.starts_with("@dispvm:") ? node.substr(8) : node;
  Qube const* const qube = info.by_name(name);
  bool const usable = qube != nullptr && qube->label.size() == 8 && qube->label.starts_with("0x") &&
                      qube->label.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos;
  return usable ? "#" + qube->label.substr(2) : "#888888";
}

std::set<std::string> nodes_of(std::vector<Arrow> const& arrows) {
  std::set<std::string> nodes;
  for (Arrow const& arrow : arrows) nodes.insert({arrow.from, arrow.to});
  return nodes;
}

std::string number(double value) { return std::to_string(std::lround(value)); }

struct Point {
  double x, y;
};

}  // namespace

std::vector<Arrow> arrows(std::vector<Reach> const& reaches) {
  std::map<std::pair<std::string, std::string>, Arrow> found;
  for (Reach const& reach : reaches) {
    Arrow& arrow = found.try_emplace({reach.source, reach.target}, Arrow{reach.source, reach.target, {}, true}).first->second;
    arrow.calls.push_back(reach.call.for_people() + (reach.asks ? "?" : ""));
    if (!reach.asks) arrow.asks = false;
  }
  std::vector<Arrow> all;
  for (auto& [ends, arrow] : found) all.push_back(std::move(arrow));
  return all;
}

std::string dot_text(std::vector<Arrow> const& arrows, SystemInfo const& info, GraphOptions const& options) {
  std::string text = "digraph g {\n";
  for (std::string const& node : nodes_of(arrows)) {
    text += "  " + quoted_for_dot(node) + " [color=" + quoted_for_dot(colour_of(node, info)) + "];\n";
  }
  for (Arrow const& arrow : arrows) {
    text += "  " + quoted_for_dot(arrow.from) + " -> " + quoted_for_dot(arrow.to) + " [style=" + (arrow.asks ? "dashed" : "solid");
    if (options.labels) text += ", label=" + quoted_for_dot(label_of(arrow));
    text += "];\n";
  }
  return text + "}\n";
}

std::string svg_text(std::vector<Arrow> const& arrows, SystemInfo const& info, GraphOptions const& options) {
  auto const nodes = nodes_of(arrows);
  double const radius = std::max(160.0, 34.0 * static_cast<double>(nodes.size()));
  double const side = 2 * radius + 320;
  std::map<std::string, Point> place;
  std::size_t index = 0;
  for (std::string const& node : nodes) {
    double const angle = 2 * std::numbers::pi * static_cast<double>(index++) / static_cast<double>(nodes.size());
    place[node] = {side / 2 + radius * std::sin(angle), side / 2 - radius * std::cos(angle)};
  }
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(side) + "\" height=\"" + number(side) +
                     "\" font-family=\"sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<defs><marker id=\"a\" "
                     "viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" orient=\"auto\"><path d=\"M0 0L8 4L0 "
                     "8z\"/></marker></defs>\n";
  for (Arrow const& arrow : arrows) {
    Point const from = place[arrow.from], to = place[arrow.to];
    double const length = std::max(1.0, std::hypot(to.x - from.x, to.y - from.y));
    double const dx = (to.x - from.x) / length, dy = (to.y - from.y) / length;
    // Both directions of a pair bow to their own left, so that they do not lie on each other.
    Point const middle{(from.x + to.x) / 2 + dy * 30, (from.y + to.y) / 2 - dx * 30};
    Point const end{to.x - dx * 26, to.y - dy * 26};
    text += "<path d=\"M" + number(from.x) + " " + number(from.y) + "Q" + number(middle.x) + " " + number(middle.y) + " " +
            number(end.x) + " " + number(end.y) + "\" fill=\"none\" stroke=\"" + colour_of(arrow.from, info) + "\"" +
            (arrow.asks ? " stroke-dasharray=\"5 4\"" : "") + " marker-end=\"url(#a)\"><title>" +
            escaped_for_svg(arrow.from + " -> " + arrow.to + ": " + label_of(arrow)) + "</title></path>\n";
    if (!options.labels) continue;
    text += "<text x=\"" + number(middle.x) + "\" y=\"" + number(middle.y) + "\" font-size=\"8\" text-anchor=\"middle\" fill=\"#444\">" +
            escaped_for_svg(label_of(arrow)) + "</text>\n";
  }
  for (auto const& [node, at] : place) {
    text += "<circle cx=\"" + number(at.x) + "\" cy=\"" + number(at.y) + "\" r=\"22\" fill=\"white\" stroke-width=\"4\" stroke=\"" +
            colour_of(node, info) + "\"/>\n<text x=\"" + number(at.x) + "\" y=\"" + number(at.y + 38) +
            "\" font-size=\"12\" text-anchor=\"middle\">" + escaped_for_svg(node) + "</text>\n";
  }
  return text + "</svg>\n";
}

}  // namespace bh::policy
