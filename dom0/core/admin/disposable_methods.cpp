// Disposables: named ones that are kept, and those that are made for one use and removed after it.
#include <random>

#include "dom0/core/admin/api.h"

namespace bh::dom0 {

namespace {

constexpr int kDisposableNumbers = 10000;

// A name nobody has; the number is drawn, so that a name says nothing about how many there were before.
std::optional<int> free_number(Inventory const& inventory) {
  std::random_device source;
  int const first = std::uniform_int_distribution(0, kDisposableNumbers - 1)(source);
  for (int i = 0; i < kDisposableNumbers; ++i) {
    int const number = (first + i) % kDisposableNumbers;
    if (inventory.find("disp" + std::to_string(number)) == nullptr) return number;
  }
  return std::nullopt;
}

Result<void, admin::Exception> check_base(Inventory const& inventory, Qube const& base) {
  if (base.klass == QubeClass::app && value_of(inventory, base, "template_for_dispvms") == "True") return {};
  return refuse("QubesValueError", base.name.text() + " is no template for disposables; make it one: bulkhead prefs " + base.name.text() + " template_for_dispvms True");
}

}  // namespace

Result<void, admin::Exception> AdminApi::check_no_disposables(Qube const& base) const {
  for (auto const& [name, qube] : registry_.inventory().qubes()) {
    if (qube.klass == QubeClass::disposable && value_of(registry_.inventory(), qube, "template") == base.name.text()) {
      return refuse("QubesVMInUseError", name + " is a disposable of " + base.name.text() + "; remove it first");
    }
  }
  return {};
}

admin::Reply AdminApi::create_named_disposable(CallContext const& call) {
  // GUARD: as in create_app.
  BH_TRY(wanted, call.payload.checked(parse_new_qube));
  Inventory const& inventory = registry_.inventory();
  if (inventory.find(wanted.name.text()) != nullptr) return refuse("QubesVMAlreadyExistsError", "there is already a qube named " + wanted.name.text());
  if (inventory.find_label(wanted.label.text()) == nullptr) return refuse("QubesLabelNotFoundError", "there is no label " + wanted.label.text());
  // GUARD: only whether a template was named; look_up() parses the name.
  bool const named = call.argument.checked([](std::string const& text) { return !text.empty(); });
  Qube const* base = nullptr;
  if (named) {
    BH_TRY(found, look_up(call.argument));
    base = found;
  } else {
    base = inventory.find(evaluate_setting(inventory, *find_setting("default_dispvm")).value);
    if (base == nullptr) return refuse("QubesVMNotFoundError", "name a template for disposables, or set default_dispvm");
  }
  BH_CHECK(check_base(inventory, *base));
  Qube qube{wanted.name, inventory.next_free_qid(), random_uuid(), QubeClass::disposable, wanted.label};
  qube.properties["template"] = base->name.text();
  if (auto const number = free_number(inventory)) qube.properties["dispid"] = std::to_string(*number);
  qube.tags.insert(*Tag::parse("created-by-dom0"));
  if (auto const put = registry_.put(std::move(qube)); !put) return saved(Failure{put.error()});
  registry_.tell({"", "domain-add", {{"vm", wanted.name.text()}}});
  return std::string();
}

admin::Reply AdminApi::create_disposable(CallContext const& call) {
  // GUARD: two words are known, all else is refused.
  enum class Answer { none, name, uuid };
  Answer const wanted = call.payload.checked([](std::string const& text) { return text.empty() ? Answer::name : text == "uuid" ? Answer::uuid : Answer::none; });
  if (wanted == Answer::none) return refuse("ProtocolError", "the payload may be empty or uuid");
  if (call.argument.checked([](std::string const& text) { return !text.empty(); })) {
    return refuse("QubesException", "preloaded disposables are not part of this version of Bulkhead: warm start makes any disposable quick");
  }
  Inventory const& inventory = registry_.inventory();
  Qube const* base = &call.destination;
  if (base->klass == QubeClass::admin) {
    base = inventory.find(value_of(inventory, inventory.dom0(), "default_dispvm"));
    if (base == nullptr) return refuse("QubesException", "dom0 has no default_dispvm; set one: bulkhead prefs dom0 default_dispvm NAME");
  }
  BH_CHECK(check_base(inventory, *base));
  auto const number = free_number(inventory);
  if (!number) return refuse("QubesException", "all names of disposables are taken");
  std::string const name = "disp" + std::to_string(*number);
  Qube qube{*DomainName::parse(name), inventory.next_free_qid(), random_uuid(), QubeClass::disposable, base->label};
  qube.properties["template"] = base->name.text();
  qube.properties["dispid"] = std::to_string(*number);
  qube.properties["auto_cleanup"] = "True";
  for (char const* tag : {"created-by-dom0", "disp-created-by-dom0"}) qube.tags.insert(*Tag::parse(tag));
  std::string const uuid = qube.uuid.text();
  if (auto const put = registry_.put(std::move(qube)); !put) return saved(Failure{put.error()});
  registry_.tell({"", "domain-add", {{"vm", name}}});
  return wanted == Answer::uuid ? "uuid:" + uuid : name;
}

}  // namespace bh::dom0
