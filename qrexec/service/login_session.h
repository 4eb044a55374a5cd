// A PAM session of service "qrexec" around a call, as the agent opens it when it runs as root. The only file that knows PAM.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "qrexec/service/environment.h"

namespace bh::qrexec {

class LoginSession {
 public:
  // Needs root. Nothing is ever asked: a PAM stack that wants a password is an error.
  static Result<LoginSession> open(std::string const& user);
  // Closes the session.
  ~LoginSession();
  LoginSession(LoginSession&&) noexcept;
  LoginSession& operator=(LoginSession&&) noexcept;

  // What PAM modules set.
  [[nodiscard]] EnvironmentChanges const& environment() const { return environment_; }

 private:
  struct Handle;
  explicit LoginSession(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
  EnvironmentChanges environment_;
};

}  // namespace bh::qrexec
