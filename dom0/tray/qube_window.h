// The window: all qubes, what they do, what may be done, and what the person must know about this machine.
#pragma once

#include <QWidget>
#include <map>

#include "dom0/tray/controller.h"
#include "dom0/tray/qube_row_widget.h"

class QLabel;
class QVBoxLayout;

namespace bh::tray {

class QubeWindow : public QWidget {
 public:
  // Object names for tests: "summary", "accelerator", "accelerator-notice", "connection-problem", "message", "qubes".
  explicit QubeWindow(QubeRowWidget::Wishes wishes);

  void show_view(View const& view);
  void show_failure(std::string const& sentence);

 private:
  QWidget* header();
  QWidget* list();
  void show_accelerator(View const& view);
  void show_rows(std::vector<QubeRow> const& rows);

  QubeRowWidget::Wishes wishes_;
  QLabel* summary_ = nullptr;
  QLabel* accelerator_ = nullptr;
  QLabel* notice_ = nullptr;
  QLabel* problem_ = nullptr;
  QLabel* message_ = nullptr;
  QWidget* qubes_ = nullptr;
  QVBoxLayout* lines_ = nullptr;
  QLabel* templates_ = nullptr;  // heading above the first template
  std::map<std::string, QubeRowWidget*> rows_;
  std::vector<std::string> order_;
};

}  // namespace bh::tray
