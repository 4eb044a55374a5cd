#include "qrexec/policy/rule_index.h"

#include <algorithm>

namespace bh::policy {
namespace {

std::string token_key(TokenKind kind, std::string_view value) {
  std::string key(1, static_cast<char>('A' + static_cast<int>(kind)));
  return key.append(value);
}

// A blank is in neither part, so no two pairs share a key.
std::string group_key(std::optional<std::string_view> service, std::optional<std::string_view> argument) {
  std::string key(service.value_or("*"));
  return key.append(" ").append(argument.value_or("*"));
}

}  // namespace

RuleIndex::RuleIndex(std::span<Rule const> rules) {
  auto const id_of = [&](Token const& token) {
    return ids_.try_emplace(token_key(token.kind, token.value), static_cast<TokenId>(ids_.size())).first->second;
  };
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Rule const& rule = rules[i];
    OfSource& place = groups_[group_key(rule.service, rule.argument)][id_of(rule.source)];
    place.all.push_back(static_cast<Position>(i));
    // Later rules of the same four words never decide.
    place.first.try_emplace(id_of(rule.target), static_cast<Position>(i));
  }
}

std::vector<RuleIndex::OfService const*> RuleIndex::groups(std::string_view service, std::string_view argument) const {
  std::vector<OfService const*> found;
  auto const add = [&](std::string const& key) {
    if (auto const group = groups_.find(key); group != groups_.end()) found.push_back(&group->second);
  };
  add(group_key(service, argument));
  add(group_key(service, std::nullopt));
  add(group_key(std::nullopt, std::nullopt));
  return found;
}

void RuleIndex::add_id(std::vector<TokenId>& ids, TokenKind kind, std::string_view value) const {
  if (auto const id = ids_.find(token_key(kind, value)); id != ids_.end()) ids.push_back(id->second);
}

void RuleIndex::add_qube(std::vector<TokenId>& ids, Qube const& qube) const {
  add_id(ids, TokenKind::type, qube.type);
  for (std::string const& tag : qube.tags) add_id(ids, TokenKind::tag, tag);
}

// The mirror of matches_source().
std::vector<RuleIndex::TokenId> RuleIndex::source_ids(Qube const& source) const {
  std::vector<TokenId> ids;
  add_id(ids, TokenKind::everything);
  if (source.name == "dom0") {
    add_id(ids, TokenKind::dom0, "dom0");
  } else {
    add_id(ids, TokenKind::any_qube);
  }
  add_id(ids, TokenKind::name, source.name);
  if (!source.uuid.empty()) add_id(ids, TokenKind::uuid, "uuid:" + source.uuid);
  add_qube(ids, source);
  return ids;
}

// The mirror of matches_target().
std::vector<RuleIndex::TokenId> RuleIndex::target_ids(Target const& target, Qube const& source, SystemInfo const& info) const {
  std::vector<TokenId> ids;
  add_id(ids, TokenKind::everything);
  if (target.kind != Target::Kind::dom0) add_id(ids, TokenKind::any_qube);
  auto const add_tagged = [&](Qube const* base) {
    if (base == nullptr || !base->template_for_dispvms) return;
    for (std::string const& tag : base->tags) add_id(ids, TokenKind::dispvm_tagged, tag);
  };
  switch (target.kind) {
    case Target::Kind::none:
      add_id(ids, TokenKind::default_target);
      break;
    case Target::Kind::dom0:
      add_id(ids, TokenKind::dom0, "dom0");
      if (target.qube != nullptr && target.written != "@adminvm") add_qube(ids, *target.qube);
      break;
    case Target::Kind::qube:
      add_id(ids, TokenKind::name, target.qube->name);
      if (!target.qube->uuid.empty()) add_id(ids, TokenKind::uuid, "uuid:" + target.qube->uuid);
      add_qube(ids, *target.qube);
      break;
    case Target::Kind::dispvm_of_source:
      add_id(ids, TokenKind::dispvm);
      if (!source.default_dispvm) break;
      add_id(ids, TokenKind::dispvm_of, *source.default_dispvm);
      add_tagged(info.by_name(*source.default_dispvm));
      break;
    case Target::Kind::dispvm_of:
      if (target.qube == nullptr) break;
      add_id(ids, TokenKind::dispvm_of, target.qube->name);
      if (std::string const uuid = "uuid:" + target.qube->uuid; info.find(uuid) == target.qube) {
        add_id(ids, TokenKind::dispvm_of, uuid);
      }
      add_tagged(target.qube);
      break;
  }
  return ids;
}

std::optional<std::size_t> RuleIndex::first_match(std::string_view service, std::string_view argument, Qube const& source,
                                                  Target const& target, SystemInfo const& info) const {
  std::optional<std::size_t> best;
  auto const sources = source_ids(source);
  auto const targets = target_ids(target, source, info);
  for (OfService const* group : groups(service, argument)) {
    for (TokenId const from : sources) {
      auto const place = group->find(from);
      if (place == group->end()) continue;
      for (TokenId const to : targets) {
        auto const hit = place->second.first.find(to);
        if (hit != place->second.first.end() && (!best || hit->second < *best)) best = hit->second;
      }
    }
  }
  return best;
}

std::vector<std::size_t> RuleIndex::of_source(std::string_view service, std::string_view argument, Qube const& source) const {
  std::vector<std::size_t> found;
  auto const sources = source_ids(source);
  for (OfService const* group : groups(service, argument)) {
    for (TokenId const from : sources) {
      if (auto const place = group->find(from); place != group->end()) {
        found.insert(found.end(), place->second.all.begin(), place->second.all.end());
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace bh::policy
