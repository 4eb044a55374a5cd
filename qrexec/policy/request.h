// Request: one wish of a caller, its parts checked for form. Whether it is granted is decide()'s business.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "qrexec/policy/token.h"

namespace bh::policy {

inline constexpr std::size_t kMaxRequestWord = 4096;

class Request {
 public:
  struct Words {
    std::string_view source;  // whose channel the request came in by; never what the caller says of itself
    std::string_view target;  // a wish; "" is @default
    std::string_view service;
    std::string_view argument;                         // with its "+"; "" is the same as "+"
    std::optional<std::string_view> requested_source;  // a relay speaks for this RemoteVM
  };
  // The error is a sentence.
  [[nodiscard]] static Result<Request, std::string> parse(Words const& words);
  // `service_and_argument`: SERVICE or SERVICE+ARGUMENT
  [[nodiscard]] static Result<Request, std::string> parse(std::string_view source, std::string_view target,
                                                          std::string_view service_and_argument);

  [[nodiscard]] std::string const& source() const { return source_; }
  [[nodiscard]] Token const& target() const { return target_; }
  [[nodiscard]] std::string const& service() const { return service_; }
  [[nodiscard]] std::string const& argument() const { return argument_; }
  [[nodiscard]] std::optional<std::string> const& requested_source() const { return requested_source_; }

 private:
  Request() = default;
  std::string source_;
  Token target_;
  std::string service_;
  std::string argument_;
  std::optional<std::string> requested_source_;
};

}  // namespace bh::policy
