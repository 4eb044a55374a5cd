#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>

#include "base/number.h"
#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"

namespace bh::cli {

namespace {

using std::chrono::seconds;

// What a call may take beyond the qube's own time limit: asking whether KVM works, ending what did not come up.
constexpr seconds kBeyond{40};

seconds limit_of(Session const& session, std::string const& qube, char const* name) {
  auto const value = property(session, qube, name);
  return seconds(value ? parse_decimal(*value, 86400).value_or(60) : 60) + kBeyond;
}

std::string joined(std::vector<std::string> const& names) {
  std::string text;
  for (auto const& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The same call for each qube at once; prints what failed and gives the worst exit code.
int for_each(std::vector<std::string> const& qubes, std::function<admin::Reply(std::string const&)> const& call) {
  std::vector<std::future<admin::Reply>> replies;
  for (auto const& qube : qubes) replies.push_back(std::async(std::launch::async, [&call, qube] { return call(qube); }));
  int status = kOk;
  std::vector<admin::Exception> problems;
  for (auto& reply : replies) {
    auto const result = reply.get();
    if (!result) problems.push_back(result.error());
  }
  for (auto const& problem : problems) status = std::max(status, report(problem));
  return status;
}

}  // namespace

std::string describe_timing(std::string_view timing) {
  std::string_view reason;
  if (auto const at = timing.find(" reason="); at != std::string_view::npos) {
    reason = timing.substr(at + 8);
    timing = timing.substr(0, at);
  }
  std::string kind = "?", total = "?", phases;
  std::string words(timing);
  std::replace(words.begin(), words.end(), ' ', '\n');
  for (auto const& word : admin::parse_lines(words)) {
    std::size_t const equals = word.find('=');
    if (equals == std::string::npos) continue;
    std::string const key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "kind") kind = value;
    else if (key == "total") total = value;
    else phases += (phases.empty() ? "" : ", ") + key + " " + value;
  }
  return kind + " start, " + total + " ms: " + phases + (reason.empty() ? "" : " (not warm: " + std::string(reason) + ")");
}

int start_qubes(Session const& session, std::vector<std::string> const& qubes, bool timing) {
  int status = kOk;
  {
    Progress const progress("starting " + joined(qubes));
    status = for_each(qubes, [&](std::string const& qube) {
      return session.client.call({.method = "admin.vm.Start", .destination = qube}, limit_of(session, qube, "qrexec_timeout"));
    });
  }
  for (auto const& qube : qubes) {
    auto const text = timing ? property(session, qube, "start_timing") : admin::Reply(std::string());
    // One that did not start has none, and its error was printed.
    if (text && !text->empty()) std::printf("%s: %s\n", qube.c_str(), describe_timing(*text).c_str());
  }
  warn_of_tcg(session);
  return status;
}

int restart_qubes(Session const& session, std::vector<std::string> const& qubes, bool timing) {
  int status = kOk;
  {
    Progress const progress("shutting down " + joined(qubes));
    status = for_each(qubes, [&](std::string const& qube) {
      auto const reply = session.client.call({.method = "admin.vm.Shutdown", .argument = "wait", .destination = qube}, limit_of(session, qube, "shutdown_timeout"));
      if (!reply && reply.error().type == "QubesVMNotStartedError") return admin::Reply(std::string());
      return reply;
    });
  }
  return status == kOk ? start_qubes(session, qubes, timing) : status;
}

int shutdown_qubes(Session const& session, ShutdownOptions const& options) {
  std::vector<std::string> qubes = options.qubes;
  if (options.all) {
    auto const reply = session.client.call({.method = "admin.vm.List"});
    if (!reply) return report(reply.error());
    for (auto const& qube : admin::parse_vm_list(*reply)) {
      bool const excluded = std::find(options.exclude.begin(), options.exclude.end(), qube.name) != options.exclude.end();
      if (qube.klass != "AdminVM" && qube.state != "Halted" && !excluded) qubes.push_back(qube.name);
    }
  }
  if (options.dry_run) {
    for (auto const& qube : qubes) std::puts(qube.c_str());
    return kOk;
  }
  std::string argument;
  if (options.force) argument = "force";
  if (options.wait) argument += argument.empty() ? "wait" : "+wait";
  Progress const progress("shutting down " + joined(qubes));
  return for_each(qubes, [&](std::string const& qube) {
    auto const limit = options.wait && options.kill_after ? seconds(*options.kill_after) : limit_of(session, qube, "shutdown_timeout");
    auto const reply = session.client.call({.method = "admin.vm.Shutdown", .argument = argument, .destination = qube}, limit);
    if (!options.wait || !options.kill_after || reply) return reply;
    bool const late = reply.error().type == admin::kTimeout || reply.error().type == "QubesVMShutdownTimeoutError";
    return late ? session.client.call({.method = "admin.vm.Kill", .destination = qube}) : reply;
  });
}

int power_action(Session const& session, PowerAction action, std::vector<std::string> const& qubes) {
  char const* const method = [action] {
    switch (action) {
      case PowerAction::kill: return "admin.vm.Kill";
      case PowerAction::pause: return "admin.vm.Pause";
      case PowerAction::unpause: return "admin.vm.Unpause";
      case PowerAction::suspend: return "admin.vm.Suspend";
      case PowerAction::resume: return "admin.vm.Resume";
    }
    return "?";
  }();
  return for_each(qubes, [&](std::string const& qube) { return session.client.call({.method = method, .destination = qube}); });
}

}  // namespace bh::cli
