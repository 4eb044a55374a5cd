#include "dom0/tray/qube_icon.h"

#include <QPainter>
#include <QPainterPath>
#include <array>
#include <cmath>

namespace bh::tray {
namespace {

struct Faces {
  QPolygonF top, left, right;
};

// A cube seen along its diagonal: a hexagon, standing on a corner.
Faces faces_of(double size) {
  double const radius = size * 0.47, dx = radius * std::sqrt(3.0) / 2.0, centre = size / 2.0;
  QPointF const middle(centre, centre), top(centre, centre - radius), bottom(centre, centre + radius);
  QPointF const top_left(centre - dx, centre - radius / 2), top_right(centre + dx, centre - radius / 2);
  QPointF const low_left(centre - dx, centre + radius / 2), low_right(centre + dx, centre + radius / 2);
  return {{{top, top_right, middle, top_left}},
          {{top_left, middle, bottom, low_left}},
          {{middle, top_right, low_right, bottom}}};
}

// Towards white or black; black itself needs some light, or its edges are lost.
QColor lighter(QColor const& colour, double by) {
  auto const mix = [by](int channel) { return static_cast<int>(channel + (255 - channel) * by); };
  return {mix(colour.red()), mix(colour.green()), mix(colour.blue())};
}
QColor darker(QColor const& colour, double by) {
  auto const mix = [by](int channel) { return static_cast<int>(channel * (1 - by)); };
  return {mix(colour.red()), mix(colour.green()), mix(colour.blue())};
}

QPixmap blank(int size, double pixel_ratio) {
  QPixmap pixmap(static_cast<int>(size * pixel_ratio), static_cast<int>(size * pixel_ratio));
  pixmap.setDevicePixelRatio(pixel_ratio);
  pixmap.fill(Qt::transparent);
  return pixmap;
}

void draw(QPixmap& pixmap, int size, std::array<QColor, 3> const& colours, QPen const& pen) {
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(pen);
  Faces const faces = faces_of(size);
  QPolygonF const* const shapes[] = {&faces.top, &faces.left, &faces.right};
  for (std::size_t i = 0; i < colours.size(); ++i) {
    painter.setBrush(colours[i].isValid() ? QBrush(colours[i]) : QBrush(Qt::NoBrush));
    painter.drawPolygon(*shapes[i]);
  }
}

}  // namespace

QPixmap qube_pixmap(QColor const& colour, QColor const& outline, int size, double pixel_ratio) {
  QPixmap pixmap = blank(size, pixel_ratio);
  double const width = size / 24.0;
  if (!colour.isValid()) {
    draw(pixmap, size, {QColor(), QColor(), QColor()},
         QPen(outline, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    return pixmap;
  }
  // The left face bears the label's very colour: what is beside a window's frame must look the same.
  draw(pixmap, size, {lighter(colour, 0.32), colour, darker(colour, 0.28)},
       QPen(lighter(colour, 0.55), width * 0.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  return pixmap;
}

QIcon qube_icon(QColor const& colour, QColor const& outline) {
  QIcon icon;
  for (int const size : {16, 22, 32}) icon.addPixmap(qube_pixmap(colour, outline, size, 1.0));
  return icon;
}

QIcon program_icon() {
  QIcon icon;
  for (int const size : {16, 22, 24, 32, 48, 64}) {
    QPixmap pixmap = blank(size, 1.0);
    draw(pixmap, size, {QColor(0x72, 0x9f, 0xcf), QColor(0x34, 0x65, 0xa4), QColor(0xcc, 0x00, 0x00)},
         QPen(Qt::white, size / 24.0, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    icon.addPixmap(pixmap);
  }
  return icon;
}

}  // namespace bh::tray
