// Listing, creating, removing, starting and stopping qubes.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/display_text.h"
#include "base/posix_io.h"
#include "dom0/core/admin/api.h"
#include "dom0/core/life/process_stats.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

namespace {

PowerState state_of(Qube const& qube, LifeCycle const& life) {
  return qube.klass == QubeClass::admin ? PowerState::running : life.info(qube.name.text()).state;
}

}  // namespace

Result<NewQube, admin::Exception> parse_new_qube(std::string const& payload) {
  auto pairs = admin::parse_pairs(payload, ' ');
  // GUARD: the name becomes a folder's name and part of command lines.
  auto const name = DomainName::parse(pairs["name"]);
  if (!name) return refuse("QubesValueError", to_string(name.error()));
  auto const label = LabelName::parse(pairs["label"]);
  if (!label) return refuse("QubesValueError", "a label is needed: name=NAME label=LABEL");
  if (pairs.size() != 2) return refuse("ProtocolError", "only name= and label= are understood");
  return NewQube{*name, *label};
}

admin::Reply AdminApi::vm_list(CallContext const& call) {
  std::string text;
  for (auto const& [name, qube] : registry_.inventory().qubes()) {
    if (call.destination.klass != QubeClass::admin && qube.name != call.destination.name) continue;
    text += name + " class=" + std::string(to_string(qube.klass)) + " state=" + std::string(to_string(state_of(qube, life_))) +
            " uuid=" + qube.uuid.text() + "\n";
  }
  return text;
}

admin::Reply AdminApi::current_state(CallContext const& call) {
  Qube const& qube = call.destination;
  std::uint64_t memory_kib = 0;
  std::uint64_t limit_kib = 0;
  std::uint64_t cpu_ns = 0;
  if (qube.klass == QubeClass::admin) {
    memory_kib = limit_kib = host_memory().total_kib;
  } else {
    RunInfo const info = life_.info(qube.name.text());
    limit_kib = static_cast<std::uint64_t>(number_of(registry_.inventory(), qube, "memory")) * 1024;
    if (info.state != PowerState::halted) {
      memory_kib = limit_kib;
      cpu_ns = process_cpu_time_ns(info.pid);
    }
  }
  return "mem=" + std::to_string(memory_kib) + " mem_static_max=" + std::to_string(limit_kib) + " cputime=" + std::to_string(cpu_ns) +
         " power_state=" + std::string(to_string(state_of(qube, life_)));
}

admin::Reply AdminApi::create_refused(CallContext const&) {
  return refuse("QubesException", "this version of Bulkhead creates qubes of the classes AppVM and DispVM only (templates come from templates/build)");
}

admin::Reply AdminApi::remove(CallContext const& call) {
  std::string const name = call.destination.name.text();
  if (call.destination.klass == QubeClass::admin) return refuse("QubesVMError", "dom0 cannot be removed");
  if (call.destination.klass == QubeClass::template_qube && std::filesystem::exists(paths_.templates() / name)) {
    return refuse("QubesVMInUseError", "template " + name + " is there as long as its folder is: " + (paths_.templates() / name).string());
  }
  if (life_.info(name).state != PowerState::halted) return refuse("QubesVMNotHaltedError", name + " is running; shut it down first");
  auto const users = registry_.inventory().users_of(name);
  if (!users.empty()) {
    std::string text;
    for (auto const& user : users) text += (text.empty() ? "" : ", ") + user;
    return refuse("QubesVMInUseError", name + " is needed by " + text);
  }
  // Asked while the qube can still say in which pool its volume lies.
  auto const volume = volumes::VolumeId::make(name, "private");
  auto const view = storage_.volume(call.destination, "private");
  if (volume && storage_.leased(*volume)) return refuse("QubesVMInUseError", volume->text() + " is just being written to; try again when that has ended");
  auto const opened = view ? storage_.pool(view->pool) : Result<std::shared_ptr<volumes::Pool>, admin::Exception>(Failure{view.error()});
  if (view && !opened) return refuse("QubesException", name + " is not removed: " + opened.error().message);
  auto const pool = opened ? *opened : nullptr;
  registry_.tell({"", "domain-pre-delete", {{"vm", name}}});
  if (auto const removed = registry_.remove(name); !removed) return saved(Failure{removed.error()});
  auto const gone = pool ? pool->remove(*volume) : volumes::remove_private_volume(paths_.volumes(name));
  registry_.tell({"", "domain-delete", {{"vm", name}}});
  if (!gone) return refuse("QubesException", name + " is removed, but its volume is still on the disk: " + gone.error().message);
  return std::string();
}

namespace {

LifeCycle::Done reply_through(AdminApi::Sink sink) {
  return [sink = std::move(sink)](Result<void, admin::Exception> result) {
    if (result) sink(std::string());
    else sink(Failure{std::move(result).error()});
  };
}

// dom0 runs as long as anybody can ask.
bool is_dom0(CallContext const& call, AdminApi::Sink const& sink) {
  if (call.destination.klass != QubeClass::admin) return false;
  sink(refuse("QubesVMError", "dom0 is not started or stopped from here"));
  return true;
}

}  // namespace

void AdminApi::start(CallContext const& call, Sink sink) {
  if (call.destination.klass == QubeClass::admin) return sink(std::string());
  life_.start(call.destination.name.text(), reply_through(std::move(sink)));
}

void AdminApi::shutdown(CallContext const& call, Sink sink) {
  if (is_dom0(call, sink)) return;
  // GUARD: four words are known, all else is refused.
  auto const request = call.argument.checked([](std::string const& text) -> Result<ShutdownRequest, admin::Exception> {
    if (text.empty()) return ShutdownRequest{};
    if (text == "force") return ShutdownRequest{.force = true};
    if (text == "wait") return ShutdownRequest{.wait = true};
    if (text == "force+wait" || text == "wait+force") return ShutdownRequest{.force = true, .wait = true};
    return refuse("ProtocolError", "the argument may be force, wait or both joined by '+'");
  });
  if (!request) return sink(Failure{request.error()});
  life_.shutdown(call.destination.name.text(), *request, reply_through(std::move(sink)));
}

void AdminApi::kill(CallContext const& call, Sink sink) {
  if (is_dom0(call, sink)) return;
  life_.kill(call.destination.name.text(), reply_through(std::move(sink)));
}

void AdminApi::pause(CallContext const& call, Sink sink) {
  if (is_dom0(call, sink)) return;
  life_.pause(call.destination.name.text(), reply_through(std::move(sink)));
}

void AdminApi::unpause(CallContext const& call, Sink sink) {
  if (is_dom0(call, sink)) return;
  life_.unpause(call.destination.name.text(), reply_through(std::move(sink)));
}

void AdminApi::suspend(CallContext const& call, Sink sink) {
  if (is_dom0(call, sink)) return;
  life_.suspend(call.destination.name.text(), reply_through(std::move(sink)));
}

void AdminApi::resume(CallContext const& call, Sink sink) {
  if (is_dom0(call, sink)) return;
  life_.resume(call.destination.name.text(), reply_through(std::move(sink)));
}

}  // namespace bh::dom0
