#include "qrexec/service/login_session.h"

#include <cstdlib>

#ifdef BH_HAVE_PAM
#include <security/pam_appl.h>
#endif

namespace bh::qrexec {

#ifdef BH_HAVE_PAM

namespace {

int never_answers(int, pam_message const**, pam_response**, void*) { return PAM_CONV_ERR; }

EnvironmentChanges list_of(pam_handle_t* pam) {
  EnvironmentChanges changes;
  char** const list = ::pam_getenvlist(pam);
  for (char** entry = list; entry != nullptr && *entry != nullptr; ++entry) {
    std::string const text(*entry);
    std::size_t const equals = text.find('=');
    if (equals != std::string::npos) changes.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    std::free(*entry);
  }
  std::free(list);
  return changes;
}

}  // namespace

struct LoginSession::Handle {
  pam_handle_t* pam = nullptr;
  bool opened = false;
  int last = PAM_SUCCESS;
  ~Handle() {
    if (opened) {
      last = ::pam_close_session(pam, PAM_SILENT);
      ::pam_setcred(pam, PAM_DELETE_CRED | PAM_SILENT);
    }
    if (pam != nullptr) ::pam_end(pam, last);
  }
};

Result<LoginSession> LoginSession::open(std::string const& user) {
  static pam_conv const conversation{never_answers, nullptr};
  auto handle = std::make_unique<Handle>();
  auto const failed = [&](char const* what) {
    return Failure{Error{std::string("PAM (service qrexec): cannot ") + what + " for " + user + ": " +
                             ::pam_strerror(handle->pam, handle->last), 0}};
  };
  handle->last = ::pam_start("qrexec", user.c_str(), &conversation, &handle->pam);
  if (handle->last != PAM_SUCCESS) return failed("begin");
  handle->last = ::pam_setcred(handle->pam, PAM_ESTABLISH_CRED | PAM_SILENT);
  if (handle->last != PAM_SUCCESS) return failed("establish credentials");
  handle->last = ::pam_open_session(handle->pam, PAM_SILENT);
  if (handle->last != PAM_SUCCESS) return failed("open a session");
  handle->opened = true;
  LoginSession session(std::move(handle));
  session.environment_ = list_of(session.handle_->pam);
  return session;
}

#else

struct LoginSession::Handle {};

Result<LoginSession> LoginSession::open(std::string const&) {
  return Failure{Error{"this agent was built without PAM and cannot log users in", 0}};
}

#endif

LoginSession::LoginSession(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
LoginSession::~LoginSession() = default;
LoginSession::LoginSession(LoginSession&&) noexcept = default;
LoginSession& LoginSession::operator=(LoginSession&&) noexcept = default;

}  // namespace bh::qrexec
