// Classes and labels.
#include "base/display_text.h"
#include "dom0/core/admin/api.h"

namespace bh::dom0 {

admin::Reply AdminApi::vmclass_list(CallContext const&) { return std::string("AdminVM\nAppVM\nDispVM\nTemplateVM\n"); }

// No device can be attached yet, so there is no class of them either.
admin::Reply AdminApi::deviceclass_list(CallContext const&) { return std::string(); }

admin::Reply AdminApi::label_list(CallContext const&) {
  std::string text;
  for (Label const& label : registry_.inventory().labels()) text += label.name.text() + "\n";
  return text;
}

namespace {
Result<Label const*, admin::Exception> label_of(CallContext const& call, Inventory const& inventory) {
  // GUARD: a label name is only ever compared; what is echoed is made fit to be shown.
  return call.argument.checked([&](std::string const& text) -> Result<Label const*, admin::Exception> {
    Label const* const label = inventory.find_label(text);
    if (label == nullptr) return refuse("QubesLabelNotFoundError", "there is no label " + for_display(text, 64));
    return label;
  });
}
}  // namespace

admin::Reply AdminApi::label_get(CallContext const& call) {
  BH_TRY(label, label_of(call, registry_.inventory()));
  return label->color;
}

admin::Reply AdminApi::label_index(CallContext const& call) {
  BH_TRY(label, label_of(call, registry_.inventory()));
  return std::to_string(label->index);
}

}  // namespace bh::dom0
