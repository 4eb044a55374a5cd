#include "dom0/cli/doctor_checks.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "base/program_output.h"
#include "base/posix_io.h"

namespace bh::cli {

using host::Finding;
using host::Findings;
using host::Group;
using host::Level;

namespace fs = std::filesystem;

Finding daemon_check(Session const& session) {
  auto const reply = session.client.call({.method = "admin.vm.List"});
  if (!reply) return {"bulkheadd", Group::bulkhead, Level::broken, reply.error().message, "start bulkheadd, with the same BULKHEAD_ROOT as this command"};
  return {"bulkheadd", Group::bulkhead, Level::ok, "answers on " + session.paths.admin_socket().string(), ""};
}

Finding accel_check(Session const& session, bool answers) {
  auto const finding = [](Level level, std::string what, std::string to_do) { return Finding{"accelerator", Group::isolation, level, std::move(what), std::move(to_do)}; };
  if (!answers) return finding(Level::unknown, "whether KVM works is found out by bulkheadd, which does not run", "start bulkheadd");
  auto const feature = [&](char const* name) { return session.client.call({.method = "admin.vm.feature.Get", .argument = name}); };
  auto const accel = feature("bulkhead.accel");
  auto const reason = feature("bulkhead.accel-reason");
  if (!accel) return finding(Level::unknown, "not known yet: " + accel.error().message, "the answer comes some seconds after bulkheadd has found its first template");
  std::string const why = reason ? *reason : "";
  if (*accel == "kvm") return finding(Level::ok, "KVM works: " + why, "");
  return finding(Level::broken, "machines run under TCG, which promises NO isolation between qubes: " + why,
                 ::access("/dev/kvm", F_OK) == 0 ? "use a host on which KVM works" : "enable virtualisation in the firmware and load kvm_intel or kvm_amd");
}

Finding jail_check(Result<jail::JailPlan> const& plan) {
  auto const finding = [](Level level, std::string what, std::string to_do) { return Finding{"jail", Group::isolation, level, std::move(what), std::move(to_do)}; };
  std::string const install = "install the packages for system mode";
  if (!plan) return finding(Level::broken, "no qube can start, because its QEMU cannot be shut in: " + plan.error().message, install);
  std::string const why = plan->reason.empty() ? "" : " (" + plan->reason + ")";
  std::string const shared = "each QEMU is shut in: no files, no network, no capabilities, few system calls";
  switch (plan->level) {
    case jail::Level::own_uid: return finding(Level::ok, shared + ", and a user id of its own", "");
    case jail::Level::subordinate:
      return finding(Level::weaker, shared + ", and a subordinate id" + why + ". This user's programs, being the id's owner, can still stop and look into it, and read its volumes", install);
    case jail::Level::same_uid:
      return finding(Level::weaker, shared + ", but it keeps this user's own id" + why + ". This user's programs can still signal it, trace it where ptrace is open, read its memory and its volumes, "
                                           "and talk to its control sockets; one that broke out could signal this user's programs",
                     "give this user subordinate ids (finding subordinate-ids), or " + install);
    case jail::Level::none: break;
  }
  return finding(Level::broken, "qubes run without a jail", install);
}

Finding mode_check(Session const& session) {
  if (!session.paths.root()) return {"mode", Group::bulkhead, Level::ok, "system", ""};
  return {"mode", Group::bulkhead, Level::weaker, "user mode, below " + session.paths.root()->string() + ": any program of the same user can reach into the qubes", "install the packages for system mode"};
}

Finding programs_check(Session const& session) {
  std::string missing;
  for (char const* program : {"bulkheadd", "bulkhead-hub", "qrexec-daemon", "qrexec-client", "qrexec-policy-exec", "bulkhead-gui-daemon", "bulkhead-display-probe"}) {
    if (::access((session.programs / program).c_str(), X_OK) != 0) missing += (missing.empty() ? "" : ", ") + std::string(program);
  }
  if (missing.empty()) return {"programs", Group::bulkhead, Level::ok, "all in " + session.programs.string(), ""};
  return {"programs", Group::bulkhead, Level::broken, "missing in " + session.programs.string() + ": " + missing, "build or install Bulkhead again"};
}

Finding template_check(Session const& session) {
  std::error_code error;
  std::string found;
  for (auto const& entry : fs::directory_iterator(session.paths.templates(), error)) {
    if (fs::exists(entry.path() / "manifest.json", error)) found += (found.empty() ? "" : ", ") + entry.path().filename().string();
  }
  if (!found.empty()) return {"template", Group::bulkhead, Level::ok, found, ""};
  return {"template", Group::bulkhead, Level::broken, "none in " + session.paths.templates().string(), "templates/build --out " + (session.paths.templates() / "debian-12").string()};
}

Finding policy_check(Session const& session) {
  std::size_t files = 0;
  std::string folders;
  for (auto const& folder : session.paths.policy_dirs()) {
    std::error_code error;
    for (auto const& entry : fs::directory_iterator(folder, error)) files += entry.path().extension() == ".policy" ? 1 : 0;
    folders += (folders.empty() ? "" : " and ") + folder.string();
  }
  if (files > 0) return {"policy", Group::bulkhead, Level::ok, std::to_string(files) + " files", ""};
  return {"policy", Group::bulkhead, Level::weaker, "no policy file in " + folders + ": every call between qubes is refused", "put the stock policy files there"};
}

Finding pool_check(Session const& session) {
  auto const finding = [](Level level, std::string what, std::string to_do) { return Finding{"pool", Group::storage, level, std::move(what), std::move(to_do)}; };
  struct statvfs facts {};
  if (::statvfs(session.paths.lib().c_str(), &facts) != 0) return finding(Level::broken, "there is no " + session.paths.lib().string(), "start bulkheadd once, it makes its folders");
  auto const free_mib = (std::uint64_t{facts.f_bavail} * facts.f_frsize) >> 20U;
  std::string const detail = std::to_string(free_mib) + " MiB free in " + session.paths.lib().string();
  if (free_mib < 256) return finding(Level::broken, detail + "; no qube can start", "free some space");
  if (free_mib < 2048) return finding(Level::weaker, detail + "; a qube's private volume may grow to 2 GiB", "free some space");
  return finding(Level::ok, detail, "");
}

DisplayNames display_names() {
  auto const value = [](char const* name) -> std::string {
    char const* const text = std::getenv(name);
    return text == nullptr ? "" : text;
  };
  return {value("DISPLAY"), value("WAYLAND_DISPLAY")};
}

Result<DisplayAnswer> ask_displays(Session const& session) {
  auto const done = program_output({.argv = {(session.programs / "bulkhead-display-probe").string()}, .die_with_parent = true}, {4096, std::chrono::seconds(5)});
  if (!done && done.error().errno_value == ETIMEDOUT) return Failure{Error{"the display server does not answer within 5 s", ETIMEDOUT}};
  if (!done) return Failure{done.error()};
  auto const answer = parse_display_answer(done->text);
  if (!answer) return Failure{Error{"bulkhead-display-probe gave no answer that can be read", EPROTO}};
  return *answer;
}

namespace {

Finding judge_x11(std::string const& name, std::optional<X11Answer> const& answer) {
  auto const finding = [](Level level, std::string what, std::string to_do) { return Finding{"x11", Group::display, level, std::move(what), std::move(to_do)}; };
  if (!answer) return finding(Level::broken, "nobody answers on DISPLAY " + name, "start the X server, or unset DISPLAY");
  if (answer->shm_version.empty()) return finding(Level::weaker, name + " has no MIT-SHM: windows' pixels are copied through its socket", "use a local X server");
  if (!answer->shared_fd) return finding(Level::weaker, name + " has MIT-SHM " + answer->shm_version + " but takes no memory by descriptor: windows' pixels are copied", "use a local X server of version 1.15 or newer");
  return finding(Level::ok, name + " takes windows' memory as it is (MIT-SHM " + answer->shm_version + " by descriptor)", "");
}

Finding judge_wayland(std::string const& name, std::optional<WaylandAnswer> const& answer) {
  auto const finding = [](Level level, std::string what, std::string to_do) { return Finding{"wayland", Group::display, level, std::move(what), std::move(to_do)}; };
  if (!answer) return finding(Level::broken, "nobody answers on WAYLAND_DISPLAY " + name, "start the compositor, or unset WAYLAND_DISPLAY");
  std::string missing;
  auto const need = [&](bool there, char const* what) {
    if (!there) missing += (missing.empty() ? "" : ", ") + std::string(what);
  };
  need(answer->shm, "wl_shm");
  need(answer->argb && answer->xrgb, "the formats ARGB8888 and XRGB8888");
  need(answer->xdg_shell, "xdg-shell");
  if (!missing.empty()) return finding(Level::broken, name + " lacks " + missing, "use another compositor");
  return finding(Level::ok, name + " takes windows' memory as it is (wl_shm)" + (answer->security_context ? ", and can confine clients" : "; it cannot confine clients (no security-context)"), "");
}

}  // namespace

Findings judge_displays(DisplayNames const& names, Result<DisplayAnswer> const& answer) {
  if (names.x11.empty() && names.wayland.empty()) {
    return {{"display", Group::display, Level::weaker, "neither DISPLAY nor WAYLAND_DISPLAY is set: qubes started from here show no windows", "run in a desktop session, or set DISPLAY for bulkheadd"}};
  }
  if (!answer) return {{"display", Group::display, Level::unknown, answer.error().message, "look whether the display server runs"}};
  Findings findings;
  if (!names.x11.empty()) findings.push_back(judge_x11(names.x11, answer->x11));
  if (!names.wayland.empty()) findings.push_back(judge_wayland(names.wayland, answer->wayland));
  return findings;
}

}  // namespace bh::cli
