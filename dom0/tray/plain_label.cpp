#include "dom0/tray/plain_label.h"

#include <QLabel>

namespace bh::tray {

QString qt(std::string const& text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

QLabel* plain_label(char const* object_name, QWidget* parent) {
  auto* const label = new QLabel(parent);
  label->setObjectName(QLatin1String(object_name));
  label->setTextFormat(Qt::PlainText);
  return label;
}

void quieten(QLabel* label) {
  QPalette palette = label->palette();
  // Which of the two draws the text depends on the background it stands on.
  for (QPalette::ColorRole const role : {QPalette::WindowText, QPalette::Text}) {
    QColor colour = palette.color(role);
    colour.setAlpha(150);
    palette.setColor(role, colour);
  }
  label->setPalette(palette);
}

}  // namespace bh::tray
