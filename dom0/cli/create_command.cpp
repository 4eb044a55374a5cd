#include <unistd.h>

#include <cstdio>
#include <string>

#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"

namespace bh::cli {

int create_qube(Session const& session, CreateOptions const& options) {
  for (auto const& property : options.properties) {
    if (property.find('=') == std::string::npos || property.starts_with('=')) {
      print_error("--prop needs NAME=VALUE, not " + property);
      return kUsage;
    }
  }
  auto const created = session.client.call({.method = "admin.vm.Create." + options.klass, .argument = options.template_name,
                                            .payload = "name=" + options.name + " label=" + options.label});
  if (!created) return report(created.error());
  for (auto const& property : options.properties) {
    std::size_t const equals = property.find('=');
    auto const set = session.client.call({.method = "admin.vm.property.Set", .argument = property.substr(0, equals),
                                          .destination = options.name, .payload = property.substr(equals + 1)});
    if (set) continue;
    // All or nothing: a qube without the properties that were asked for would be a trap.
    (void)session.client.call({.method = "admin.vm.Remove", .destination = options.name});
    print_error(options.name + " was not created");
    return report(set.error());
  }
  return kOk;
}

namespace {

bool confirmed(std::string const& qube) {
  std::fprintf(stderr, "Remove %s and all data in it? This cannot be undone. [y/N] ", qube.c_str());
  int const answer = std::getchar();
  for (int c = answer; c != '\n' && c != EOF; c = std::getchar()) {}
  return answer == 'y' || answer == 'Y';
}

}  // namespace

int remove_qubes(Session const& session, RemoveOptions const& options) {
  if (!options.force && !is_terminal(STDIN_FILENO)) {
    print_error("removing a qube destroys its data; say --force where nobody can be asked");
    return kUsage;
  }
  int status = kOk;
  for (auto const& qube : options.qubes) {
    if (!options.force && !confirmed(qube)) {
      status = kFailed;
      continue;
    }
    auto const removed = session.client.call({.method = "admin.vm.Remove", .destination = qube}, std::chrono::seconds(60));
    if (!removed) status = report(removed.error());
  }
  return status;
}

}  // namespace bh::cli
