#include "qrexec/services/entry_name.h"

#include "qrexec/services/display_safe.h"

namespace bh::qfile {

namespace {

// The next component off the front of `rest`, with its slash.
std::string_view take_component(std::string_view& rest) {
  std::size_t const slash = rest.find('/');
  std::string_view const component = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return component;
}

bool characters_allowed(std::string_view text, NameRules rules) {
  return text.find('\0') == std::string_view::npos && (rules == NameRules::allow_all || safe_for_display(text));
}

}  // namespace

Result<EntryName, NameError> EntryName::parse(std::string_view text, NameRules rules) {
  if (text.empty() || text.size() > kMaxNameLength || text.back() == '/') return Failure{NameError::bad_form};
  if (!characters_allowed(text, rules)) return Failure{NameError::unsafe_characters};
  std::size_t depth = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view const component = take_component(rest);
    // GUARD: paths that climb out of the folder, or name one place in two ways.
    if (component.empty() || component == "." || component == "..") return Failure{NameError::bad_form};
    if (++depth > kMaxDepth) return Failure{NameError::too_deep};
  }
  return EntryName(std::string(text), depth);
}

std::string EntryName::parent() const {
  std::size_t const slash = text_.rfind('/');
  return slash == std::string::npos ? std::string() : text_.substr(0, slash);
}

std::string EntryName::last() const { return text_.substr(text_.rfind('/') + 1); }

Result<LinkTarget, NameError> LinkTarget::parse(std::string_view text, EntryName const& link, NameRules rules) {
  if (text.size() > kMaxTargetLength || !characters_allowed(text, rules)) return Failure{NameError::unsafe_characters};
  // GUARD: links out of the tree they came in, which a later entry or the user would write through.
  if (link.depth() < 2 || text.empty() || text.front() == '/') return Failure{NameError::unsafe_link};
  std::size_t climbs = 0;
  bool descended = false;
  bool any = false;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view const component = take_component(rest);
    if (component.empty() || component == ".") continue;
    any = true;
    if (component != "..") {
      descended = true;
      continue;
    }
    // After a step down ".." depends on what that step is by then, perhaps a link itself.
    if (descended || ++climbs > link.depth() - 2) return Failure{NameError::unsafe_link};
  }
  if (!any) return Failure{NameError::unsafe_link};
  return LinkTarget(std::string(text));
}

}  // namespace bh::qfile
