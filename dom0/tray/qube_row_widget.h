// One line of the window: a qube's cube, name, class and label, state, and what may be done with it.
#pragma once

#include <QFrame>
#include <functional>

#include "dom0/tray/qube_list.h"

class QLabel;
class QPushButton;

namespace bh::tray {

class QubeRowWidget : public QFrame {
 public:
  struct Wishes {
    std::function<void(std::string const&)> start, shutdown, kill;
  };
  // Object names for tests: "qube-NAME" with children "cube", "name", "details", "state", "start", "shutdown", "kill".
  QubeRowWidget(QubeRow const& row, Wishes wishes, QWidget* parent);

  void show_row(QubeRow const& row);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QPushButton* button(char const* name, QString const& text, std::function<void()> pressed);
  void confirm_kill();

  QubeRow row_;
  Wishes wishes_;
  QLabel* cube_;
  QLabel* name_;
  QLabel* details_;
  QLabel* dot_;
  QLabel* state_;
  QPushButton* start_;
  QPushButton* shutdown_;
  QPushButton* kill_;
};

}  // namespace bh::tray
