#include "base/seccomp_filter.h"

#include <seccomp.h>

#include <cerrno>
#include <string>

namespace bh {

namespace {

Result<void> add(scmp_filter_ctx context, SyscallRule const& rule) {
  int const number = ::seccomp_syscall_resolve_name(rule.name);
  if (number == __NR_SCMP_ERROR) return Failure{Error{std::string("there is no system call named ") + rule.name, EINVAL}};
  std::vector<scmp_arg_cmp> arguments;
  arguments.reserve(rule.arguments.size());
  for (auto const& argument : rule.arguments) {
    arguments.push_back(scmp_arg_cmp{argument.index, SCMP_CMP_MASKED_EQ, argument.mask, argument.value});
  }
  std::uint32_t const action = rule.refuse_with == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(static_cast<std::uint32_t>(rule.refuse_with));
  int const result = ::seccomp_rule_add_array(context, action, number, static_cast<unsigned>(arguments.size()), arguments.data());
  if (result != 0) return Failure{Error::from_errno(std::string("allow the system call ") + rule.name, -result)};
  return {};
}

}  // namespace

void SeccompFilter::Release::operator()(void* context) const { ::seccomp_release(context); }

Result<SeccompFilter> SeccompFilter::build(std::span<SyscallRule const> rules, Refusal refusal, bool logged) {
  scmp_filter_ctx const context = ::seccomp_init(refusal == Refusal::kills ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM));
  if (context == nullptr) return Failure{Error{"cannot make a system call filter: no memory", ENOMEM}};
  SeccompFilter filter(context);
  // A tree, not a row: the calls made most are as quick as the first.
  int result = ::seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  // Calls in the manner of other kinds of processors: their numbers mean other things, so the list says nothing of them.
  if (result == 0) result = ::seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (result == 0 && logged) result = ::seccomp_attr_set(context, SCMP_FLTATR_CTL_LOG, 1);
  if (result != 0) return Failure{Error::from_errno("set up a system call filter", -result)};
  for (auto const& rule : rules) BH_CHECK(add(context, rule));
  return filter;
}

Result<void> SeccompFilter::load(bool all_threads) const {
  int result = all_threads ? ::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1) : 0;
  if (result == 0) result = ::seccomp_load(context_.get());
  if (result != 0) return Failure{Error::from_errno("put a system call filter in force", -result)};
  return {};
}

}  // namespace bh
