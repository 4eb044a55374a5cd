#include "dom0/tray/controller.h"

#include "base/display_text.h"
#include "dom0/client/listing.h"

namespace bh::tray {
namespace {

using namespace std::chrono_literals;

constexpr auto kQuestionTimeout = 15s;
// The daemon has deadlines of its own for these and names what was late; ours only ends a wait for a daemon that hangs.
constexpr auto kStartTimeout = 20min;
constexpr auto kShutdownTimeout = 10min;
constexpr auto kKillTimeout = 1min;

}  // namespace

Controller::Controller(std::filesystem::path socket, QObject* parent)
    : QObject(parent),
      socket_(std::move(socket)),
      events_(socket_,
              {.event = [this](admin::Event const& event) { on_event(event); },
               .lost = [this](std::string const& reason) { on_lost(reason); }},
              this) {
  view_.connection_problem = "Connecting to bulkheadd at " + socket_.string();
}

void Controller::on_event(admin::Event const& event) {
  if (event.name == "connection-established") {
    view_.connection_problem.clear();
    // Another daemon may have come, on another root.
    view_.accelerator = Accelerator::unknown;
    view_.accelerator_reason.clear();
    ask_accelerator();
  }
  switch (list_.apply(event)) {
    case Followup::list_all:
      list_all();
      break;
    case Followup::state_of_subject:
      ask_state(event.subject);
      break;
    case Followup::label_of_subject:
      ask_label(event.subject);
      break;
    case Followup::accelerator:
      ask_accelerator();
      break;
    case Followup::none:
      break;
  }
  if (event.name == "domain-start-failed") {
    on_failure(event.subject + " did not start: " + for_display(event.value("reason").value_or("no reason was given")));
  }
  publish();
}

void Controller::on_lost(std::string const& reason) {
  view_.connection_problem = reason;
  publish();
}

void Controller::list_all() {
  ask({.method = "admin.vm.List"}, [this](std::string const& answer) {
    list_.replace(admin::parse_vm_list(answer));
    for (QubeRow const& row : list_.rows()) {
      if (row.klass != "AdminVM") ask_label(row.name);
    }
    publish();
  });
}

void Controller::ask_state(std::string const& qube) {
  ask({.method = "admin.vm.List", .destination = qube}, [this](std::string const& answer) {
    for (admin::ListedQube const& listed : admin::parse_vm_list(answer)) list_.set_state(listed.name, listed.state);
    publish();
  });
}

void Controller::ask_label(std::string const& qube) {
  ask({.method = "admin.vm.property.Get", .argument = "label", .destination = qube},
      [this, qube](std::string const& answer) {
        auto const property = admin::parse_property(answer);
        if (!property) return;
        list_.set_label(qube, property->value);
        if (!list_.knows_colour(property->value)) ask_colour(property->value);
        publish();
      });
}

void Controller::ask_colour(std::string const& label) {
  ask({.method = "admin.label.Get", .argument = label}, [this, label](std::string const& answer) {
    list_.set_label_colour(label, answer);
    publish();
  });
}

void Controller::ask_accelerator() {
  ask({.method = "admin.vm.feature.Get", .argument = "bulkhead.accel"}, [this](std::string const& answer) {
    view_.accelerator = answer == "kvm" ? Accelerator::kvm : answer == "tcg" ? Accelerator::tcg : Accelerator::unknown;
    publish();
  });
  ask({.method = "admin.vm.feature.Get", .argument = "bulkhead.accel-reason"}, [this](std::string const& answer) {
    view_.accelerator_reason = for_display(answer);
    publish();
  });
}

void Controller::start(std::string const& qube) { wish("admin.vm.Start", qube, kStartTimeout, "start"); }
void Controller::shutdown(std::string const& qube) { wish("admin.vm.Shutdown", qube, kShutdownTimeout, "shut down"); }
void Controller::kill(std::string const& qube) { wish("admin.vm.Kill", qube, kKillTimeout, "kill"); }

void Controller::wish(std::string const& method, std::string const& qube, std::chrono::milliseconds timeout,
                      std::string const& what) {
  call_admin(socket_, {.method = method, .destination = qube}, timeout, this,
             [this, qube, what](admin::Reply const& reply) {
               if (!reply) on_failure("Cannot " + what + " " + qube + ": " + for_display(reply.error().message));
               // Whatever events were missed: the daemon knows.
               ask_state(qube);
             });
}

void Controller::ask(admin::Call const& call, std::function<void(std::string const&)> answered) {
  // A question that gets no answer leaves the view as it is: the loss of the daemon shows on the stream of events, and
  // a qube or feature that is gone meanwhile is no news for the person.
  call_admin(socket_, call, kQuestionTimeout, this, [answered = std::move(answered)](admin::Reply const& reply) {
    if (reply) answered(*reply);
  });
}

void Controller::publish() {
  view_.rows = list_.rows();
  on_change(view_);
}

}  // namespace bh::tray
