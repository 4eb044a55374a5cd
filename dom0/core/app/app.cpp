#include "dom0/core/app/app.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>

#include "base/log.h"
#include "base/posix_io.h"
#include "base/unix_socket.h"
#include "dom0/core/admin/api.h"
#include "dom0/core/app/admin_server.h"
#include "dom0/core/app/template_scan.h"
#include "dom0/core/life/machine_room.h"
#include "dom0/core/life/snapshot_builder.h"
#include "dom0/core/life/start_gate.h"
#include "dom0/core/life/supervised_child.h"
#include "dom0/core/memory/memory_keeper.h"
#include "dom0/core/network/network.h"

namespace bh::dom0 {

struct App::Parts {
  AppOptions options;
  UniqueFd lock;
  asio::io_context io{1};
  Registry registry;
  AccelDecision accel;
  StartGate gate;
  FolderWatch qrexec_sockets;
  FolderWatch vchan_sockets;
  asio::thread_pool workers{2};
  Storage storage;
  MachineRoom room;
  SnapshotBuilder builder;
  Network network;
  MemoryKeeper memory;
  TemplateScan templates;
  AdminApi api;
  AdminServer server;
  std::shared_ptr<SupervisedChild> policy_daemon;  // while it does not run, qrexec-daemon asks the policy program instead
  asio::signal_set signals;
  bool stopping = false;

  Parts(AppOptions given, UniqueFd held, Registry opened, machine::Vmm& vmm, AccelDecision::Probe probe)
      : options(std::move(given)), lock(std::move(held)), registry(std::move(opened)), accel(io, registry, std::move(probe)), gate(registry, options.host_files),
        qrexec_sockets(io, options.paths.qrexec_sockets()), vchan_sockets(io, options.paths.vchan_sockets()), storage(registry, options.paths),
        room(HouseServices{io, vmm, registry, options.paths, options.programs, options.with_display,
                           [this](volumes::TemplateImage const& image, std::function<void(machine::Accel)> callback) { accel.ask(image, std::move(callback)); },
                           options.tsc, qrexec_sockets, vchan_sockets, workers, storage,
                           [this](DomainId domain, machine::MachineEvent const& event) { network.on_event(domain, event); },
                           [this](Qube const& qube, machine::Accel with) { return gate.ask(qube, with); },
                           options.snapshots.get(), [this](std::string const& qube) { if (options.build_snapshots) builder.want(qube); },
                           [this](std::string const& qube, LifeCycle::Done done) { builder.build(qube, std::move(done)); },
                           [this](std::string const& qube, machine::Mebibytes promised) { return memory.objection_to_start(qube, promised); }}),
        builder(room.house(), [this] { return room.quiet(); }),
        network(io, registry, options.paths, [this] { return room.wired_machines(); }),
        memory(io, registry, {[this] { return room.memory_users(); }, options.host_memory ? options.host_memory : read_host_memory}),
        templates(registry, options.paths.templates(),
                  [this](volumes::TemplateImage const& image) {
                    accel.ask(image, [](machine::Accel) {});
                    if (options.build_snapshots) builder.template_found(image);
                  }),
        api(registry, room, storage, options.paths,
            {[this] { templates.run(); }, [this](std::function<void()> callback) { accel.when_known(std::move(callback)); },
             [this](std::function<void()> work, std::function<void()> then) {
               asio::post(workers, [this, work = std::move(work), then = std::move(then)]() mutable {
                 work();
                 asio::post(io, std::move(then));
               });
             }}), server(io, api, registry, room), signals(io, SIGTERM, SIGINT) {}

  void start_policy_daemon() {
    ChildPlan plan{"policy", {(options.programs / "qrexec-policy-daemon").string(), "--parent", std::to_string(::getpid())}, {}};
    policy_daemon = std::make_shared<SupervisedChild>(io, "dom0", std::move(plan), options.paths.log() / "policy.log",
                                                      SupervisedChild::Hooks{{}, [] {}, {}, {}});
    if (auto const started = policy_daemon->start(); !started) log::warning("no policy daemon, so nobody can be asked: " + started.error().message);
  }

  void end() {
    if (stopping) return;
    stopping = true;
    if (policy_daemon) policy_daemon->stop();
    builder.stop();
    if (!options.stop_qubes_on_exit) {
      log::info("ending; running qubes go on and are taken over by the next bulkheadd");
      return io.stop();
    }
    log::info("ending, running qubes first");
    room.stop_all([this] { io.stop(); });
  }
};

namespace {

// GUARD: two daemons on one database would each believe their own half of the truth.
Result<UniqueFd> take_lock(Paths const& paths) {
  auto const path = paths.run() / "bulkheadd.lock";
  BH_TRY(lock, open_file(path, O_RDWR | O_CREAT, 0600));
  if (::flock(lock.borrow(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Failure{Error::from_errno("lock " + path.string())};
    return Failure{Error{"another bulkheadd runs on this root already (it holds " + path.string() + ")", EWOULDBLOCK}};
  }
  return lock;
}

// What the last run found out about this host is not known to be true of this one.
Result<void> forget_accel(Registry& registry) {
  Qube dom0 = registry.inventory().dom0();
  bool changed = false;
  for (char const* feature : {"bulkhead.accel", "bulkhead.accel-reason", "bulkhead.host-warning"}) changed = dom0.features.erase(*FeatureName::parse(feature)) > 0 || changed;
  return changed ? registry.put(std::move(dom0)) : Result<void>();
}

}  // namespace

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::open(AppOptions options, machine::Vmm& vmm, AccelDecision::Probe probe) {
  BH_CHECK(options.paths.create());
  BH_TRY(lock, take_lock(options.paths));
  BH_TRY(registry, Registry::open(options.paths.database()));
  BH_CHECK(forget_accel(registry));
  auto parts = std::make_unique<Parts>(std::move(options), std::move(lock), std::move(registry), vmm, std::move(probe));
  parts->templates.run();
  parts->builder.clear_away();
  parts->room.adopt_all();
  parts->network.adopt();
  BH_TRY(listener, listen_unix(parts->options.paths.admin_socket(), 128, 0600));
  parts->server.serve(std::move(listener));
  if (parts->options.policy_daemon) parts->start_policy_daemon();
  parts->room.start_autostarted();
  return std::unique_ptr<App>(new App(std::move(parts)));
}

void App::run() {
  parts_->signals.async_wait([this](std::error_code error, int) {
    if (error) return;
    parts_->end();
    // A second signal means: now.
    parts_->signals.async_wait([this](std::error_code again, int) {
      if (!again) parts_->io.stop();
    });
  });
  log::info("ready on " + parts_->options.paths.admin_socket().string());
  parts_->io.run();
  // The lock is still held, so this is nobody else's socket.
  std::error_code ignored;
  std::filesystem::remove(parts_->options.paths.admin_socket(), ignored);
}

void App::stop() {
  asio::post(parts_->io, [parts = parts_.get()] { parts->end(); });
}

void App::post(std::function<void()> work) { asio::post(parts_->io, std::move(work)); }

}  // namespace bh::dom0
