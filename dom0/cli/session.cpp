#include "dom0/cli/session.h"

#include <unistd.h>

#include "dom0/cli/output.h"

namespace bh::cli {

int report(admin::Exception const& problem) {
  print_error(problem.message.empty() ? problem.type : problem.message);
  return problem.type == admin::kUnreachable || problem.type == admin::kTimeout ? kUnreachable : kFailed;
}

admin::Reply property(Session const& session, std::string const& qube, std::string const& name) {
  auto const reply = session.client.call({.method = "admin.vm.property.Get", .argument = name, .destination = qube});
  if (!reply) return Failure{reply.error()};
  auto const value = admin::parse_property(*reply);
  if (!value) return Failure{admin::Exception{admin::kUnreachable, "bulkheadd's answer is not a property"}};
  return value->value;
}

void warn_of_tcg(Session const& session) {
  if (!is_terminal(STDERR_FILENO) || session.quiet) return;
  auto const accel = session.client.call({.method = "admin.vm.feature.Get", .argument = "bulkhead.accel"});
  if (!accel || *accel != "tcg") return;
  print_note("note: machines run under TCG, which promises no isolation between qubes (bulkhead doctor says why)");
}

}  // namespace bh::cli
