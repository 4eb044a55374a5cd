// The whole of bulkheadd (App) on a real socket, with machines that are fake and helpers that are real processes.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "base/temp_dir.h"
#include "base/unix_socket.h"
#include "dom0/client/client.h"
#include "dom0/client/listing.h"
#include "dom0/cli/command_line.h"
#include "dom0/core/app/app.h"
#include "dom0/core/life/run_record.h"
#include "hypervisor/machine/fake_vmm.h"

namespace bh::dom0 {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline bool eventually(std::function<bool()> const& condition, std::chrono::seconds limit = 30s) {
  Deadline const deadline = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

class Daemon : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(paths.create());
    fs::create_directories(helpers);
    for (char const* name : {"bulkhead-hub", "qrexec-daemon", "qrexec-client", "bulkhead-gui-daemon", "bulkhead-personalise"}) fs::create_symlink(FAKE_HELPER, helpers / name);
    fs::create_directories(behaviour);
    ::setenv("FAKE_HELPER_DIR", behaviour.c_str(), 1);
    make_template("debian");
    run_daemon();
    client = std::make_unique<admin::Client>(paths.admin_socket());
    ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", "name=work label=blue"));
  }
  void TearDown() override {
    stop_daemon(true);
  }
  void make_template(std::string const& name) {
    fs::path const place = paths.templates() / name;
    fs::create_directories(place);
    for (char const* file : {"root.img", "vmlinux", "initrd.img"}) std::ofstream(place / file) << std::string(4096, 'x');
    std::ofstream(place / "manifest.json") << R"({"format":1,"name":")" << name << R"(","root":"root.img","kernel":"vmlinux","initrd":"initrd.img","cmdline":"quiet","hash":")"
                                            << std::string(64, 'a') << R"("})";
  }
  void run_daemon(bool with_display = true) {
    AppOptions options{paths, helpers, with_display};
    options.host_memory = host_memory;
    options.snapshots = snapshots;
    options.build_snapshots = build_snapshots;
    auto opened = App::open(std::move(options), vmm, [](volumes::TemplateImage const&) -> Result<qemu::AccelAnswer> {
      return qemu::AccelAnswer{machine::Accel::tcg, "this is a test"};
    });
    ASSERT_TRUE(opened) << opened.error().message;
    app = std::move(*opened);
    thread = std::thread([this] { app->run(); });
  }
  // `qubes_too`: nothing may be left behind; otherwise as if bulkheadd had been ended alone.
  void stop_daemon(bool qubes_too) {
    if (!app) return;
    if (qubes_too) {
      for (auto const& qube : admin::parse_vm_list(call("admin.vm.List").value_or(""))) {
        if (qube.klass == "AppVM" && qube.state != "Halted") (void)call("admin.vm.Kill", "", qube.name);
      }
    }
    app->stop();
    thread.join();
    app.reset();
  }
  // On the daemon's thread, where FakeVmm lives.
  void on_daemon(std::function<void()> const& work) {
    std::promise<void> done;
    app->post([&] { work(); done.set_value(); });
    done.get_future().get();
  }
  admin::Reply call(std::string method, std::string argument = "", std::string destination = "dom0", std::string payload = "") {
    return client->call({std::move(method), std::move(argument), std::move(destination), std::move(payload)}, 60s);
  }
  bool ok(std::string method, std::string argument = "", std::string destination = "dom0", std::string payload = "") {
    auto const reply = call(method, argument, destination, payload);
    if (!reply) ADD_FAILURE() << method << ": " << reply.error().type << ": " << reply.error().message;
    return reply.ok();
  }
  std::string state(std::string const& qube = "work") {
    auto const list = admin::parse_vm_list(call("admin.vm.List", "", qube).value_or(""));
    return list.empty() ? "(gone)" : list[0].state;
  }
  void behave(char const* what) { std::ofstream(behaviour / what) << ""; }
  std::vector<int> starts(std::string const& role) {
    std::ifstream file(behaviour / (role + ".starts"));
    std::vector<int> pids;
    for (int pid = 0; file >> pid;) pids.push_back(pid);
    return pids;
  }
  ProcessRecords records(std::string const& qube = "work") {
    auto const text = read_file(paths.qube_run(qube) / "processes.json", 65536);
    auto parsed = text ? parse_processes(*text) : Result<ProcessRecords>(Failure{text.error()});
    return parsed ? *parsed : ProcessRecords{};
  }
  // A process that ended but was not collected yet (what a taken-over one is to this test) is not alive.
  static bool alive(int pid) {
    auto const stat = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    return stat && stat->find(") Z") == std::string::npos;
  }

  TempDir folder = *TempDir::create("bh-daemon-");
  Paths paths = Paths::below(folder.path() / "root");
  fs::path helpers = folder.path() / "bin";
  fs::path behaviour = folder.path() / "behaviour";
  std::function<memory::HostMemory()> host_memory;  // empty: this host's own
  machine::FakeVmm vmm;
  std::shared_ptr<SnapshotKeeper> snapshots;  // for the next daemon
  bool build_snapshots = false;
  std::unique_ptr<App> app;
  std::thread thread;
  std::unique_ptr<admin::Client> client;
};

}  // namespace bh::dom0
