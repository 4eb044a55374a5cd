// The icon in the panel, with every qube in its menu.
#pragma once

#include <QMenu>
#include <QSystemTrayIcon>
#include <functional>

#include "dom0/tray/controller.h"
#include "dom0/tray/qube_row_widget.h"

namespace bh::tray {

class TrayIcon {
 public:
  TrayIcon(QubeRowWidget::Wishes wishes, std::function<void()> toggle_window, std::function<void()> quit);

  void show_view(View const& view);
  void show_failure(std::string const& sentence);

 private:
  void rebuild();
  void add_qube(QubeRow const& row);

  QubeRowWidget::Wishes wishes_;
  std::function<void()> toggle_window_, quit_;
  View view_;
  QMenu menu_;
  QSystemTrayIcon icon_;
};

}  // namespace bh::tray
