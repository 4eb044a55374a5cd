#include "dom0/tray/qube_row_widget.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMessageBox>
#include <QPainter>
#include <QPushButton>

#include "dom0/tray/plain_label.h"
#include "dom0/tray/qube_icon.h"

namespace bh::tray {
namespace {

constexpr int kCubeSize = 30, kDotSize = 10, kStateWidth = 130, kMainButtonWidth = 96, kKillWidth = 60;

QColor state_colour(std::string const& state) {
  if (state == "Running") return {0x4e, 0x9a, 0x06};
  if (state == "Paused" || state == "Suspended") return {0x34, 0x65, 0xa4};
  if (state == "Crashed") return {0xcc, 0x00, 0x00};
  if (state == "Halted" || state == "NA") return {0xb4, 0xb6, 0xb2};
  return {0xe0, 0x8a, 0x00};
}

QPixmap dot(std::string const& state, double pixel_ratio) {
  QPixmap pixmap(static_cast<int>(kDotSize * pixel_ratio), static_cast<int>(kDotSize * pixel_ratio));
  pixmap.setDevicePixelRatio(pixel_ratio);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  bool const off = state == "Halted" || state == "NA";
  painter.setPen(off ? QPen(state_colour(state), 1.5) : QPen(Qt::NoPen));
  painter.setBrush(off ? QBrush(Qt::NoBrush) : QBrush(state_colour(state)));
  painter.drawEllipse(QRectF(1, 1, kDotSize - 2, kDotSize - 2));
  return pixmap;
}

}  // namespace

QubeRowWidget::QubeRowWidget(QubeRow const& row, Wishes wishes, QWidget* parent)
    : QFrame(parent), row_(row), wishes_(std::move(wishes)) {
  setObjectName(qt("qube-" + row.name));
  setAttribute(Qt::WA_Hover);
  cube_ = plain_label("cube", this);
  cube_->setFixedSize(kCubeSize, kCubeSize);
  name_ = plain_label("name", this);
  QFont bold = name_->font();
  bold.setWeight(QFont::DemiBold);
  bold.setPointSizeF(bold.pointSizeF() * 1.1);
  name_->setFont(bold);
  details_ = plain_label("details", this);
  quieten(details_);
  dot_ = plain_label("dot", this);
  state_ = plain_label("state", this);
  state_->setFixedWidth(kStateWidth);
  start_ = button("start", tr("Start"), [this] { wishes_.start(row_.name); });
  shutdown_ = button("shutdown", tr("Shut down"), [this] { wishes_.shutdown(row_.name); });
  kill_ = button("kill", tr("Kill\u2026"), [this] { confirm_kill(); });
  start_->setFixedWidth(kMainButtonWidth);
  shutdown_->setFixedWidth(kMainButtonWidth);
  kill_->setFixedWidth(kKillWidth);
  kill_->setFlat(true);

  auto* const names = new QVBoxLayout;
  names->setSpacing(1);
  names->addWidget(name_);
  names->addWidget(details_);
  // Start and Shut down take one place, which stays when neither is offered, so that columns stand still.
  auto* const main_action = new QWidget(this);
  main_action->setFixedWidth(kMainButtonWidth);
  auto* const action = new QHBoxLayout(main_action);
  action->setContentsMargins(0, 0, 0, 0);
  action->addWidget(start_);
  action->addWidget(shutdown_);
  QSizePolicy keep = kill_->sizePolicy();
  keep.setRetainSizeWhenHidden(true);
  kill_->setSizePolicy(keep);
  auto* const line = new QHBoxLayout(this);
  line->setContentsMargins(16, 8, 12, 8);
  line->setSpacing(12);
  line->addWidget(cube_);
  line->addLayout(names, 1);
  line->addWidget(dot_);
  line->addWidget(state_);
  line->addWidget(main_action);
  line->addWidget(kill_);
  show_row(row);
}

QPushButton* QubeRowWidget::button(char const* name, QString const& text, std::function<void()> pressed) {
  auto* const made = new QPushButton(text, this);
  made->setObjectName(QLatin1String(name));
  connect(made, &QPushButton::clicked, this, std::move(pressed));
  return made;
}

void QubeRowWidget::show_row(QubeRow const& row) {
  row_ = row;
  QColor const colour = row.colour.empty() ? QColor() : QColor(qt(row.colour));
  cube_->setPixmap(qube_pixmap(colour, palette().color(QPalette::WindowText), kCubeSize, devicePixelRatioF()));
  name_->setText(qt(row.name));
  details_->setText(row.klass == "AdminVM" ? tr("This desktop")
                    : row.label.empty()    ? qt(row.klass)
                                           : qt(row.klass + " \xC2\xB7 " + row.label));
  dot_->setPixmap(dot(row.state, devicePixelRatioF()));
  state_->setText(qt(state_text(row)));
  Actions const actions = actions_for(row);
  start_->setVisible(actions.start);
  shutdown_->setVisible(actions.shutdown);
  kill_->setVisible(actions.kill);
  QString const about = qt(row.name);
  start_->setAccessibleName(tr("Start %1").arg(about));
  shutdown_->setAccessibleName(tr("Shut down %1").arg(about));
  kill_->setAccessibleName(tr("Kill %1").arg(about));
}

void QubeRowWidget::paintEvent(QPaintEvent* event) {
  QFrame::paintEvent(event);
  QPainter painter(this);
  QColor ink = palette().color(QPalette::WindowText);
  if (underMouse() && isEnabled()) {
    ink.setAlpha(10);
    painter.fillRect(rect(), ink);
  }
  ink.setAlpha(28);
  painter.setPen(ink);
  painter.drawLine(kCubeSize + 28, height() - 1, width() - 12, height() - 1);
}

void QubeRowWidget::confirm_kill() {
  auto* const question =
      new QMessageBox(QMessageBox::Warning, tr("Kill %1?").arg(qt(row_.name)), {}, QMessageBox::Cancel, this);
  question->setObjectName(QStringLiteral("confirm-kill"));
  question->setTextFormat(Qt::PlainText);
  question->setText(tr("Kill %1 at once?").arg(qt(row_.name)));
  question->setInformativeText(tr("It is stopped like by pulling the plug. What its programs have not saved is lost."));
  question->setAttribute(Qt::WA_DeleteOnClose);
  QPushButton* const yes = question->addButton(tr("Kill"), QMessageBox::DestructiveRole);
  yes->setObjectName(QStringLiteral("confirm-kill-yes"));
  question->setDefaultButton(QMessageBox::Cancel);
  connect(yes, &QPushButton::clicked, this, [this] { wishes_.kill(row_.name); });
  question->open();
}

}  // namespace bh::tray
