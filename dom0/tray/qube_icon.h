// The cube that stands for a qube, in its label's colour, drawn: no icon theme is needed.
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>

namespace bh::tray {

// An invalid colour gives an outline only, for dom0 and for labels not known yet.
[[nodiscard]] QPixmap qube_pixmap(QColor const& colour, QColor const& outline, int size, double pixel_ratio);
[[nodiscard]] QIcon qube_icon(QColor const& colour, QColor const& outline);
// The program's own: one cube, three labels.
[[nodiscard]] QIcon program_icon();

}  // namespace bh::tray
