#include "qrexec/policy/request.h"

#include <algorithm>

#include "qrexec/policy/rule_parser.h"

namespace bh::policy {
namespace {

// GUARD: a caller chooses target, service and argument freely; a control byte in one could forge a line of the answer
// or the log.
bool is_plain(std::string_view text) {
  return text.size() <= kMaxRequestWord &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

}  // namespace

Result<Request, std::string> Request::parse(Words const& words) {
  Request request;
  if (words.source.empty() || !is_plain(words.source)) return Failure{std::string("invalid source name")};
  if (!is_plain(words.target)) return Failure{std::string("invalid target name")};
  if (words.service.size() > kMaxRequestWord || !is_service_name(words.service))
    return Failure{std::string("invalid service name")};
  std::string_view const argument = words.argument.empty() ? "+" : words.argument;
  if (argument.size() > kMaxRequestWord || !is_argument(argument))
    return Failure{std::string("invalid service argument")};
  auto target = parse_token(words.target.empty() ? "@default" : words.target, TokenPlace::request);
  if (!target) return Failure{std::move(target).error()};
  if (words.requested_source && (words.requested_source->empty() || !is_plain(*words.requested_source))) {
    return Failure{std::string("invalid requested source")};
  }
  request.source_ = std::string(words.source == "@adminvm" || words.source == kDom0Uuid ? "dom0" : words.source);
  request.target_ = *std::move(target);
  request.service_ = std::string(words.service);
  request.argument_ = std::string(argument);
  if (words.requested_source) request.requested_source_ = std::string(*words.requested_source);
  return request;
}

Result<Request, std::string> Request::parse(std::string_view source, std::string_view target,
                                            std::string_view service_and_argument) {
  std::size_t const plus = service_and_argument.find('+');
  bool const none = plus == std::string_view::npos;
  return parse(
      Words{source, target, service_and_argument.substr(0, plus), none ? "+" : service_and_argument.substr(plus), {}});
}

}  // namespace bh::policy
