// Creating qubes of class AppVM, with their private volume: the one kind that is made from nothing.
#include <cerrno>

#include "base/log.h"
#include "dom0/core/admin/api.h"

namespace bh::dom0 {

namespace {

constexpr ByteCount kPrivateSize = mebibytes(2048);

// Formatted here, where it takes an instant: in a guest under TCG it takes seconds of its first start.
Result<void> make_private_volume(volumes::Pool& pool, volumes::VolumeId const& id) {
  auto made = pool.create(id, kPrivateSize, volumes::Content::ext4);
  if (made || made.error().errno_value != ENOENT) return made;
  log::info(id.text() + " is left to the guest to be formatted: " + made.error().message);
  return pool.create(id, kPrivateSize, volumes::Content::blank);
}

struct CreateInPool {
  std::string rest;  // the payload without its pools
  std::string pool;
};

// name=N label=L, and pool=P or pool:private=P (pool:root=... is accepted where it changes nothing: the root volume is the template's).
Result<CreateInPool, admin::Exception> parse_create_in_pool(std::string const& payload) {
  CreateInPool wanted;
  bool all = false;
  bool single = false;
  for (auto const& [key, value] : admin::parse_pairs(payload, ' ')) {
    if (key == "pool") {
      all = true;
      wanted.pool = value;
    } else if (key == "pool:private") {
      single = true;
      wanted.pool = value;
    } else if (key.starts_with("pool:")) {
      return refuse("QubesException", "only the private volume of a qube lies in a pool of its choice in this version of Bulkhead");
    } else {
      wanted.rest += (wanted.rest.empty() ? "" : " ") + key + "=" + value;
    }
  }
  if (all == single) return refuse("ProtocolError", all ? "either pool= or pool:private=" : "pool=NAME is needed");
  return wanted;
}

}  // namespace

void AdminApi::create_app(CallContext const& call, Sink sink) { create_app_in(call, std::nullopt, std::move(sink)); }

void AdminApi::create_app_in_pool(CallContext const& call, Sink sink) {
  // GUARD: a pool's name is only looked up; the rest of the payload is parsed as that of admin.vm.Create.
  auto wanted = call.payload.checked(parse_create_in_pool);
  if (!wanted) return sink(Failure{wanted.error()});
  create_app_in({call.destination, call.argument, Untrusted<std::string>(std::move(wanted->rest))}, std::move(wanted->pool), std::move(sink));
}

Result<Qube, admin::Exception> AdminApi::new_app(CallContext const& call) const {
  // GUARD: a payload with repeated, unknown or endless words, or a name that would be a path.
  BH_TRY(wanted, call.payload.checked(parse_new_qube));
  Inventory const& inventory = registry_.inventory();
  if (inventory.find(wanted.name.text()) != nullptr) return refuse("QubesVMAlreadyExistsError", "there is already a qube named " + wanted.name.text());
  if (inventory.find_label(wanted.label.text()) == nullptr) return refuse("QubesLabelNotFoundError", "there is no label " + wanted.label.text());
  Qube qube{wanted.name, inventory.next_free_qid(), random_uuid(), QubeClass::app, wanted.label};
  // GUARD: only whether a template was named; look_up() parses the name.
  bool const named = call.argument.checked([](std::string const& text) { return !text.empty(); });
  if (named) {
    BH_TRY(base, look_up(call.argument));
    if (base->klass != QubeClass::template_qube) return refuse("QubesValueError", base->name.text() + " is not a template");
    qube.properties["template"] = base->name.text();
  } else if (default_template(inventory).empty()) {
    return refuse("QubesVMNotFoundError", "there is no template; build one with templates/build and put it into " + paths_.templates().string());
  }
  qube.tags.insert(*Tag::parse("created-by-dom0"));
  return qube;
}

void AdminApi::create_app_in(CallContext const& call, std::optional<std::string> pool_name, Sink sink) {
  auto qube = new_app(call);
  if (!qube) return sink(Failure{qube.error()});
  std::string const in = pool_name.value_or(storage_.pool_for_new("private"));
  auto const pool = storage_.pool(in);
  if (!pool) return sink(Failure{pool.error()});
  auto const id = volumes::VolumeId::make(qube->name.text(), "private");
  if (!id) return sink(refuse("QubesValueError", qube->name.text() + " cannot be the name of a volume"));
  if (in != kDefaultPool) qube->volumes["private"]["pool"] = in;
  auto lease = storage_.lease(*id);
  if (!lease) return sink(Failure{lease.error()});
  auto const held = std::make_shared<Storage::Lease>(std::move(*lease));
  auto const made = std::make_shared<Result<void>>();
  hooks_.aside([made, pool = *pool, id = *id] { *made = make_private_volume(*pool, id); },
               [this, made, held, pool = *pool, id = *id, qube = std::move(*qube), sink = std::move(sink)]() mutable {
                 Storage::Lease const ended = std::move(*held);
                 sink(created(std::move(qube), *pool, id, *made));
               });
}

admin::Reply AdminApi::created(Qube qube, volumes::Pool& pool, volumes::VolumeId const& id, Result<void> const& made) {
  std::string const name = qube.name.text();
  if (!made) {
    // Data of a qube that is not in the database any more is still somebody's data.
    if (made.error().errno_value == EEXIST) return refuse("QubesException", "there is already a volume of that name, of no qube: " + pool.committed(id).string() + "; move it away, or take another name");
    return refuse("QubesException", "the private volume could not be made: " + made.error().message);
  }
  // Another may have been made while the volume was: numbers and names are looked at once more.
  qube.qid = registry_.inventory().next_free_qid();
  bool const taken = registry_.inventory().find(name) != nullptr;
  auto const put = taken ? Result<void>(Failure{Error{"there is already a qube named " + name, EEXIST}}) : registry_.put(std::move(qube));
  if (!put) {
    (void)pool.remove(id);
    return saved(Failure{put.error()});
  }
  registry_.tell({"", "domain-add", {{"vm", name}}});
  return std::string();
}

}  // namespace bh::dom0
