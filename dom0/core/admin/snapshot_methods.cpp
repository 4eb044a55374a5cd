// Snapshots that qubes start from: our own methods, beside those of the sheet.
#include "base/display_text.h"
#include "dom0/core/admin/api.h"

namespace bh::dom0 {

void AdminApi::snapshot_list(CallContext const&, Sink sink) {
  life_.list_snapshots([sink](Result<std::vector<KeptSnapshot>, admin::Exception> const& all) {
    if (!all) return sink(Failure{all.error()});
    std::string text;
    for (auto const& snapshot : *all) {
      text += snapshot.key + " made=" + std::to_string(snapshot.made_unix) + " size=" + std::to_string(snapshot.size.value()) + " note=" + for_display(snapshot.note, 200) + "\n";
    }
    sink(text);
  });
}

void AdminApi::snapshot_build(CallContext const& call, Sink sink) {
  if (call.destination.klass == QubeClass::admin) return sink(refuse("QubesVMError", "dom0 is not started from a snapshot; name a qube or a template"));
  life_.build_snapshot(call.destination.name.text(), [sink](Result<void, admin::Exception> const& made) {
    if (made) sink(std::string());
    else sink(Failure{made.error()});
  });
}

void AdminApi::snapshot_remove(CallContext const& call, Sink sink) {
  // GUARD: only a key of 64 hex digits gets to the store.
  auto const key = call.argument.checked([](std::string const& text) -> Result<std::string, admin::Exception> {
    if (text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos) return text;
    return refuse("QubesValueError", "a snapshot's key of 64 hex digits is needed");
  });
  if (!key) return sink(Failure{key.error()});
  life_.remove_snapshot(*key, [sink](Result<void, admin::Exception> const& gone) {
    if (gone) sink(std::string());
    else sink(Failure{gone.error()});
  });
}

}  // namespace bh::dom0
