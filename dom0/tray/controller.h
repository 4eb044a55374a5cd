// Controller: keeps a QubeList true to the daemon and carries a person's wishes there. The widgets only show what it
// says.
#pragma once

#include <QObject>
#include <filesystem>
#include <functional>
#include <string>

#include "dom0/tray/event_follower.h"
#include "dom0/tray/qube_list.h"

namespace bh::tray {

enum class Accelerator { unknown, kvm, tcg };

struct View {
  std::vector<QubeRow> rows;
  std::string connection_problem;  // empty: connected
  Accelerator accelerator = Accelerator::unknown;
  std::string accelerator_reason;
};

class Controller : public QObject {
 public:
  Controller(std::filesystem::path socket, QObject* parent);

  // Called after each change, from the event loop.
  std::function<void(View const&)> on_change = [](View const&) {};
  // A wish failed: a sentence for the person.
  std::function<void(std::string const&)> on_failure = [](std::string const&) {};

  void start(std::string const& qube);
  void shutdown(std::string const& qube);
  void kill(std::string const& qube);
  [[nodiscard]] View const& view() const { return view_; }

 private:
  void on_event(admin::Event const& event);
  void on_lost(std::string const& reason);
  void list_all();
  void ask_state(std::string const& qube);
  void ask_label(std::string const& qube);
  void ask_colour(std::string const& label);
  void ask_accelerator();
  void wish(std::string const& method, std::string const& qube, std::chrono::milliseconds timeout,
            std::string const& what);
  void ask(admin::Call const& call, std::function<void(std::string const&)> answered);
  void publish();

  std::filesystem::path socket_;
  QubeList list_;
  View view_;
  EventFollower events_;
};

}  // namespace bh::tray
