#include "dom0/tray/qube_window.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

#include "dom0/tray/plain_label.h"
#include "dom0/tray/qube_icon.h"

namespace bh::tray {
namespace {

constexpr auto kMessageTime = std::chrono::seconds(20);

// A strip across the window; hidden until there is something to say.
QLabel* strip(char const* name, char const* background, char const* text, QWidget* parent) {
  QLabel* const label = plain_label(name, parent);
  label->setWordWrap(true);
  label->setContentsMargins(16, 10, 16, 10);
  label->setStyleSheet(
      QStringLiteral("background: %1; color: %2;").arg(QLatin1String(background), QLatin1String(text)));
  label->hide();
  return label;
}

bool is_template(QubeRow const& row) { return row.klass == "TemplateVM"; }

bool counts_as_running(QubeRow const& row) {
  return row.state != "Halted" && row.state != "NA" && row.state != "Crashed";
}

}  // namespace

QubeWindow::QubeWindow(QubeRowWidget::Wishes wishes) : wishes_(std::move(wishes)) {
  setObjectName(QStringLiteral("qube-window"));
  setWindowTitle(tr("Qubes - Bulkhead"));
  setWindowIcon(program_icon());
  auto* const column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  problem_ = strip("connection-problem", "#a40000", "white", this);
  message_ = strip("message", "#f5d7d7", "#5c0000", this);
  notice_ = strip("accelerator-notice", "#fdf1cf", "#5c4300", this);
  column->addWidget(header());
  column->addWidget(problem_);
  column->addWidget(message_);
  column->addWidget(notice_);
  column->addWidget(list(), 1);
  // A person who looks for the network would else look for it everywhere.
  QLabel* const footer = plain_label("network-note", this);
  footer->setText(tr("Qubes have no network in this version of Bulkhead."));
  footer->setContentsMargins(16, 8, 16, 8);
  quieten(footer);
  column->addWidget(footer);
  resize(640, 520);
  setMinimumWidth(560);
}

QWidget* QubeWindow::header() {
  auto* const bar = new QWidget(this);
  QLabel* const title = plain_label("title", bar);
  title->setText(tr("Qubes"));
  QFont large = title->font();
  large.setPointSizeF(large.pointSizeF() * 1.6);
  large.setWeight(QFont::DemiBold);
  title->setFont(large);
  summary_ = plain_label("summary", bar);
  accelerator_ = plain_label("accelerator", bar);
  accelerator_->hide();
  auto* const words = new QVBoxLayout;
  words->setSpacing(2);
  words->addWidget(title);
  words->addWidget(summary_);
  auto* const line = new QHBoxLayout(bar);
  line->setContentsMargins(16, 14, 16, 14);
  line->addLayout(words, 1);
  line->addWidget(accelerator_, 0, Qt::AlignVCenter);
  return bar;
}

QWidget* QubeWindow::list() {
  auto* const area = new QScrollArea(this);
  area->setWidgetResizable(true);
  area->setFrameShape(QFrame::NoFrame);
  area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  qubes_ = new QWidget(area);
  qubes_->setObjectName(QStringLiteral("qubes"));
  qubes_->setBackgroundRole(QPalette::Base);
  qubes_->setAutoFillBackground(true);
  lines_ = new QVBoxLayout(qubes_);
  lines_->setContentsMargins(0, 6, 0, 6);
  lines_->setSpacing(0);
  templates_ = plain_label("templates-heading", qubes_);
  templates_->setText(tr("Templates"));
  templates_->setContentsMargins(16, 14, 16, 4);
  quieten(templates_);
  templates_->hide();
  lines_->addStretch(1);
  area->setWidget(qubes_);
  return area;
}

void QubeWindow::show_view(View const& view) {
  bool const connected = view.connection_problem.empty();
  problem_->setText(qt(view.connection_problem) + tr("\nStart bulkheadd; this window tries again every second."));
  problem_->setVisible(!connected);
  // What is shown without the daemon is the past: it can be read, not acted on.
  qubes_->setEnabled(connected);
  show_accelerator(view);
  auto const guests = std::count_if(view.rows.begin(), view.rows.end(),
                                    [](QubeRow const& row) { return row.klass != "AdminVM" && !is_template(row); });
  auto const running = std::count_if(view.rows.begin(), view.rows.end(), [](QubeRow const& row) {
    return row.klass != "AdminVM" && !is_template(row) && counts_as_running(row);
  });
  summary_->setText(!connected    ? tr("Not connected")
                    : guests == 0 ? tr("No qubes yet: make one with 'bulkhead create NAME --label blue'")
                                  : tr("%1 of %2 running").arg(running).arg(guests));
  show_rows(view.rows);
}

void QubeWindow::show_accelerator(View const& view) {
  bool const known = view.accelerator != Accelerator::unknown && view.connection_problem.empty();
  bool const kvm = view.accelerator == Accelerator::kvm;
  accelerator_->setVisible(known);
  accelerator_->setText(kvm ? tr("KVM") : tr("TCG: no isolation"));
  accelerator_->setToolTip(qt(view.accelerator_reason).toHtmlEscaped());
  accelerator_->setStyleSheet(
      QStringLiteral("padding: 4px 10px; border-radius: 11px; font-weight: 600; color: white; background: %1;")
          .arg(QLatin1String(kvm ? "#3c7a0a" : "#b35c00")));
  notice_->setVisible(known && !kvm);
  QString text =
      tr("Qubes run on software emulation (TCG), which promises no isolation between them and this desktop. Keep no "
         "secrets in them.");
  if (!view.accelerator_reason.empty()) text += tr("\nWhy: %1").arg(qt(view.accelerator_reason));
  notice_->setText(text);
}

void QubeWindow::show_rows(std::vector<QubeRow> const& rows) {
  std::vector<std::string> order;
  for (QubeRow const& row : rows) {
    order.push_back(row.name);
    auto const found = rows_.find(row.name);
    if (found != rows_.end())
      found->second->show_row(row);
    else
      rows_.emplace(row.name, new QubeRowWidget(row, wishes_, qubes_));
  }
  std::erase_if(rows_, [&](auto const& entry) {
    if (std::find(order.begin(), order.end(), entry.first) != order.end()) return false;
    entry.second->deleteLater();
    return true;
  });
  if (order == order_) return;
  order_ = order;
  lines_->removeWidget(templates_);
  for (std::size_t i = 0; i < order.size(); ++i) lines_->insertWidget(static_cast<int>(i), rows_.at(order[i]));
  auto const first = std::find_if(rows.begin(), rows.end(), is_template);
  templates_->setVisible(first != rows.end());
  lines_->insertWidget(static_cast<int>(first - rows.begin()), templates_);
}

void QubeWindow::show_failure(std::string const& sentence) {
  message_->setText(qt(sentence));
  message_->show();
  QTimer::singleShot(kMessageTime, message_, [label = message_, shown = message_->text()] {
    if (label->text() == shown) label->hide();
  });
}

}  // namespace bh::tray
