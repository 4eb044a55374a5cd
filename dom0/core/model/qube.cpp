#include "dom0/core/model/qube.h"

namespace bh::dom0 {

std::string_view to_string(QubeClass klass) {
  switch (klass) {
    case QubeClass::admin: return "AdminVM";
    case QubeClass::template_qube: return "TemplateVM";
    case QubeClass::app: return "AppVM";
    case QubeClass::disposable: return "DispVM";
  }
  return "AppVM";
}

std::optional<QubeClass> parse_class(std::string_view text) {
  for (QubeClass const klass : {QubeClass::admin, QubeClass::template_qube, QubeClass::app, QubeClass::disposable}) {
    if (text == to_string(klass)) return klass;
  }
  return std::nullopt;
}

}  // namespace bh::dom0
