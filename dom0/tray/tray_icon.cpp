#include "dom0/tray/tray_icon.h"

#include "dom0/tray/qube_icon.h"

namespace bh::tray {
namespace {

// "&" would underline the next letter.
QString menu_text(std::string const& text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()))
      .replace(QLatin1Char('&'), QLatin1String("&&"));
}

}  // namespace

TrayIcon::TrayIcon(QubeRowWidget::Wishes wishes, std::function<void()> toggle_window, std::function<void()> quit)
    : wishes_(std::move(wishes)),
      toggle_window_(std::move(toggle_window)),
      quit_(std::move(quit)),
      icon_(program_icon()) {
  menu_.setObjectName(QStringLiteral("tray-menu"));
  icon_.setContextMenu(&menu_);
  QObject::connect(&icon_, &QSystemTrayIcon::activated, &icon_, [this](QSystemTrayIcon::ActivationReason reason) {
    if (reason == QSystemTrayIcon::Trigger) toggle_window_();
  });
  // Entries must not move under the pointer: an open menu is renewed once it is closed.
  QObject::connect(&menu_, &QMenu::aboutToShow, &menu_, [this] { rebuild(); });
  rebuild();
  icon_.show();
}

void TrayIcon::show_view(View const& view) {
  view_ = view;
  if (!menu_.isVisible()) rebuild();
  icon_.setToolTip(view.connection_problem.empty() ? QObject::tr("Bulkhead")
                                                   : menu_text("Bulkhead: " + view.connection_problem));
}

void TrayIcon::show_failure(std::string const& sentence) {
  icon_.showMessage(QObject::tr("Bulkhead"), menu_text(sentence), QSystemTrayIcon::Warning);
}

void TrayIcon::rebuild() {
  // Submenus are children of the menu and would outlive clear().
  for (QMenu* const submenu : menu_.findChildren<QMenu*>(Qt::FindDirectChildrenOnly)) submenu->deleteLater();
  menu_.clear();
  if (!view_.connection_problem.empty()) menu_.addAction(QObject::tr("bulkheadd is not there"))->setEnabled(false);
  if (view_.accelerator == Accelerator::tcg) menu_.addAction(QObject::tr("TCG: no isolation"))->setEnabled(false);
  for (QubeRow const& row : view_.rows) {
    if (row.klass != "AdminVM" && row.klass != "TemplateVM") add_qube(row);
  }
  menu_.addSeparator();
  menu_.addAction(QObject::tr("Show qubes"), &menu_, [this] { toggle_window_(); });
  menu_.addAction(QObject::tr("Quit tray (qubes go on)"), &menu_, [this] { quit_(); });
}

void TrayIcon::add_qube(QubeRow const& row) {
  QColor const colour = row.colour.empty() ? QColor() : QColor(menu_text(row.colour));
  QMenu* const submenu = menu_.addMenu(qube_icon(colour, menu_.palette().color(QPalette::WindowText)),
                                       menu_text(row.name + "  (" + state_text(row) + ")"));
  submenu->setEnabled(view_.connection_problem.empty());
  Actions const actions = actions_for(row);
  std::string const name = row.name;
  if (actions.start) submenu->addAction(QObject::tr("Start"), &menu_, [this, name] { wishes_.start(name); });
  if (actions.shutdown) submenu->addAction(QObject::tr("Shut down"), &menu_, [this, name] { wishes_.shutdown(name); });
  if (actions.kill)
    submenu->addAction(QObject::tr("Kill (loses unsaved work)"), &menu_, [this, name] { wishes_.kill(name); });
}

}  // namespace bh::tray
