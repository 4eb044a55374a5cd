#include "qrexec/daemon/disposable.h"

#include <signal.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "hypervisor/vchan/domain.h"
#include "qrexec/client/admin_call.h"

namespace bh::qrexec {

namespace {
constexpr std::string_view kPrefix = "@dispvm:";
constexpr std::chrono::seconds kClearTime{60};
}  // namespace

Result<Disposable> Disposable::start(std::filesystem::path const& admin_socket, std::string_view target, Deadline deadline) {
  if (!target.starts_with(kPrefix)) return Failure{Error{"the policy named no template for the disposable", EPROTO}};
  std::string const base(target.substr(kPrefix.size()));
  // A worker that is told to stop while its caller goes away would leave the qube running that it alone knows of.
  ::signal(SIGTERM, SIG_IGN);
  BH_TRY(answer, admin_call(admin_socket, {"admin.vm.CreateDisposable"}, base, deadline));
  // What is called, and later killed, is a name that bulkheadd could have made.
  auto const name = DomainName::parse(answer);
  if (!name) return Failure{Error{"bulkheadd gave no name for the disposable", EPROTO}};
  auto const started = admin_call(admin_socket, {"admin.vm.Start"}, name->text(), deadline);
  if (started) return Disposable(admin_socket, name->text());
  // One that came up far enough to fail is gone already.
  (void)admin_call(admin_socket, {"admin.vm.Kill"}, name->text(), Clock::now() + kClearTime);
  (void)admin_call(admin_socket, {"admin.vm.Remove"}, name->text(), Clock::now() + kClearTime);
  return Failure{Error{"cannot start a disposable of " + base + ": " + started.error().message, started.error().errno_value}};
}

Disposable::~Disposable() {
  if (name_.empty()) return;
  auto const killed = admin_call(admin_socket_, {"admin.vm.Kill"}, name_, Clock::now() + kClearTime);
  if (!killed) log::warning("cannot end the disposable " + name_ + ": " + killed.error().message);
}

}  // namespace bh::qrexec
