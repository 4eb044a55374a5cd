#include <algorithm>
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

int start_qubes(Session const& session, std::vector<std::string> const& qubes) {
  int status = kOk;
  {
    Progress const progress("starting " + joined(qubes));
    status = for_each(qubes, [&](std::string const& qube) {
      return session.client.call({.method = "admin.vm.Start", .destination = qube}, limit_of(session, qube, "qrexec_timeout"));
    });
  }
  warn_of_tcg(session);
  return status;
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
  char const* const method = action == PowerAction::kill ? "admin.vm.Kill" : action == PowerAction::pause ? "admin.vm.Pause" : "admin.vm.Unpause";
  return for_each(qubes, [&](std::string const& qube) { return session.client.call({.method = method, .destination = qube}); });
}

}  // namespace bh::cli
