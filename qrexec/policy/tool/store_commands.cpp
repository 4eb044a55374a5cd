// list, get, replace, remove: on dom0's own files, or through the policy.* services of dom0 where we run in a qube.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/display_text.h"
#include "qrexec/policy/policy_store.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

constexpr auto kCallTime = std::chrono::minutes(10);  // somebody may have to be asked

int refused(StoreError const& error) {
  std::cerr << "qrexec-policy: " << for_display(error.message) << " (" << exception_name(error.kind) << ")\n";
  return 1;
}

Result<std::string, std::string> read_input() {
  UniqueFd in(::dup(0));
  std::string text;
  std::array<std::byte, 65536> chunk;
  for (;;) {
    auto const count = read_some(in, chunk);
    if (!count) return Failure{count.error().message};
    if (*count == 0) return text;
    if (text.size() + *count > kMaxFileSize) return Failure{std::string("the policy on standard input is too long")};
    text += as_text(std::span(chunk).first(*count));
  }
}

// qrexec-client-vm carries standard output and error; its exit status is the service's.
int call_dom0(std::string const& service, std::string const& payload) {
  SpawnOptions options;
  options.argv = {"qrexec-client-vm", "--", "dom0", service};
  auto input = make_pipe();
  UniqueFd out(::dup(1)), err(::dup(2));
  if (!input) return unreadable(input.error().message);
  options.fds = {{&input->first, 0}, {&out, 1}, {&err, 2}};
  auto child = ChildProcess::spawn(options);
  if (!child) return unreadable("cannot call dom0: " + child.error().message);
  input->first.reset();
  (void)write_all(input->second, as_bytes(payload));
  input->second.reset();
  auto const status = child->wait(Clock::now() + kCallTime);
  if (!status || !*status) {
    (void)child->terminate(std::chrono::seconds(1));
    return unreadable("dom0 did not answer in time");
  }
  return (*status)->code;
}

std::string service_of(std::string_view verb, StoredName const& name) {
  return std::string(name.include ? "policy.include." : "policy.") + std::string(verb) + "+" + name.name;
}

}  // namespace

int run_list(Where const& where, StoreOptions const& options) {
  if (options.through_qrexec) return call_dom0(options.include ? "policy.include.List" : "policy.List", {});
  DiskPolicyFiles const files;
  auto const names = PolicyStore(files, folders_of(where)).list(options.include);
  if (!names) return refused(names.error());
  if (where.json) {
    std::cout << nlohmann::json(*names).dump() << "\n";
    return 0;
  }
  for (std::string const& name : *names) std::cout << for_display(name) << "\n";
  return 0;
}

int run_get(Where const& where, StoreOptions const& options) {
  auto const name = StoredName::parse(options.name);
  if (!name) return refused(name.error());
  if (options.through_qrexec) return call_dom0(service_of("Get", *name), {});
  DiskPolicyFiles const files;
  auto const content = PolicyStore(files, folders_of(where)).get(*name);
  if (!content) return refused(content.error());
  if (where.json) {
    std::cout << nlohmann::json{{"token", content->token}, {"content", content->text}}.dump(-1, ' ', false,
                                                                                            nlohmann::json::error_handler_t::replace)
              << "\n";
  } else {
    std::cout << content->text;
  }
  return 0;
}

int run_replace(Where const& where, StoreOptions const& options) {
  auto const name = StoredName::parse(options.name);
  if (!name) return refused(name.error());
  auto const text = read_input();
  if (!text) return unreadable(text.error());
  if (options.through_qrexec) return call_dom0(service_of("Replace", *name), options.token + "\n" + *text);
  DiskPolicyFiles const files;
  PolicyStore const store(files, folders_of(where));
  // The whole list of what is wrong, where the service could only tell the first.
  if (auto const tried = store.try_change(*name, *text); !tried) {
    print_problems(std::cerr, tried.error(), "error");
    std::cerr << "qrexec-policy: nothing was changed\n";
    return 1;
  }
  auto const replaced = store.replace(*name, options.token, *text);
  return replaced ? 0 : refused(replaced.error());
}

int run_remove(Where const& where, StoreOptions const& options) {
  auto const name = StoredName::parse(options.name);
  if (!name) return refused(name.error());
  if (options.through_qrexec) return call_dom0(service_of("Remove", *name), options.token);
  DiskPolicyFiles const files;
  auto const removed = PolicyStore(files, folders_of(where)).remove(*name, options.token);
  return removed ? 0 : refused(removed.error());
}

}  // namespace bh::policy::tool
