// The index against going through all rules with match.h: 10^5 random requests over random policies, same answers.
#include <gtest/gtest.h>

#include <random>

#include "qrexec/policy/decide.h"
#include "tests/unit/qrexec/policy/fixture.h"

namespace bh::policy::test {
namespace {

constexpr std::string_view kServices[] = {"*", "t.A", "t.B", "t.C"};
constexpr std::string_view kArguments[] = {"*", "+", "+x", "+xy"};
constexpr std::string_view kSources[] = {"*",         "@anyvm",       "@adminvm",     "dom0",     "work",       "personal",
                                         "gone",      "@type:AppVM",  "@type:DispVM", "@tag:w",   "@tag:office", "@tag:none",
                                         "@dispvm:dvm", "@type:AdminVM", "uuid:00000000-0000-0000-0000-000000000002"};
constexpr std::string_view kTargets[] = {"*",           "@anyvm",      "@adminvm",  "@default",      "work",
                                         "personal",    "gone",        "vault",     "@type:AppVM",   "@type:AdminVM",
                                         "@tag:w",      "@tag:d",      "@dispvm",   "@dispvm:dvm",   "@dispvm:dvm2",
                                         "@dispvm:gone", "@dispvm:@tag:d", "@dispvm:@tag:none",
                                         "uuid:00000000-0000-0000-0000-000000000001",
                                         "@dispvm:uuid:00000000-0000-0000-0000-000000000004",
                                         "uuid:00000000-0000-0000-0000-000000000000"};
constexpr std::string_view kWishes[] = {"",        "dom0",        "@adminvm",     "work",     "personal", "vault", "gone",
                                        "@default", "@dispvm",    "@dispvm:dvm",  "@dispvm:dvm2", "sa", "hidden",
                                        "uuid:00000000-0000-0000-0000-000000000002",
                                        "uuid:00000000-0000-0000-0000-000000000000",
                                        "@dispvm:uuid:00000000-0000-0000-0000-000000000005"};
constexpr std::string_view kCallers[] = {"dom0", "work", "personal", "vault", "dvm", "disp1", "sa", "relay"};

class RandomPolicy {
 public:
  explicit RandomPolicy(unsigned seed) : random_(seed) {}

  template <std::size_t N>
  std::string_view any(std::string_view const (&words)[N]) { return words[random_() % N]; }

  std::string rule() {
    std::string_view const service = any(kServices), argument = service == "*" ? "*" : any(kArguments);
    std::string_view const target = any(kTargets);
    std::string_view const actions[] = {"deny", "ask", "allow target=sa"};
    std::string text;
    for (std::string_view const word : {service, argument, any(kSources), target, any(actions)}) text.append(word).append(" ");
    return text + "\n";
  }
  Policy policy(std::size_t rules) {
    MemoryFiles files;
    std::string& text = files.files["/p/30-a.policy"];
    for (std::size_t i = 0; i < rules; ++i) text += rule();
    return *load_policy(files, {{"/p"}, std::nullopt});
  }
  Request request() {
    return *Request::parse({any(kCallers), any(kWishes), any({"t.A", "t.B", "t.C", "t.D"}), any({"+", "+x", "+xy", "+xyz"}), {}});
  }

 private:
  template <std::size_t N>
  std::string_view any(char const* const (&words)[N]) { return words[random_() % N]; }
  std::mt19937 random_;
};

std::vector<std::size_t> slowly(Policy const& policy, Request const& request, Qube const& source, Target const* target,
                                SystemInfo const& info) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < policy.rules().size(); ++i) {
    Rule const& rule = policy.rules()[i];
    if (matches_service(rule, request.service(), request.argument()) && matches_source(rule.source, source) &&
        (target == nullptr || matches_target(rule.target, *target, source, info))) {
      found.push_back(i);
    }
  }
  return found;
}

TEST(RuleIndex, AnswersAsGoingThroughAllRulesDoes) {
  SystemInfo const info = example_system();
  std::size_t decided = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    RandomPolicy random(seed);
    Policy const policy = random.policy(1 + seed % 60);
    for (int i = 0; i < 500; ++i) {
      Request const request = random.request();
      Qube const& source = *info.find(request.source());
      Target const target = resolve(request.target(), info);
      auto const all = slowly(policy, request, source, &target, info);
      auto const first = policy.index().first_match(request.service(), request.argument(), source, target, info);
      ASSERT_EQ(first, all.empty() ? std::nullopt : std::optional(all.front())) << "seed " << seed << " request " << i;
      ASSERT_EQ(policy.index().of_source(request.service(), request.argument(), source),
                slowly(policy, request, source, nullptr, info));
      Decision const decision = decide(policy, info, request);
      if (decision.rule) {
        ASSERT_EQ(decision.position, first);
        ++decided;
      }
    }
  }
  EXPECT_GT(decided, 10'000U) << "the requests must meet the rules, or this test shows nothing";
}

// Two qubes must not share a uuid, but a broken admin daemon may say so; the index may not decide otherwise then.
TEST(RuleIndex, AgreesEvenWhereAUuidIsThereTwice) {
  Qube one, two, dom0;
  one.name = "one", two.name = "two", dom0.name = "dom0";
  one.type = two.type = "AppVM", dom0.type = "AdminVM";
  one.uuid = two.uuid = "u", dom0.uuid = "d";
  one.template_for_dispvms = two.template_for_dispvms = true;
  SystemInfo const info({one, two, dom0});
  MemoryFiles files;
  files.files["/p/30-a.policy"] = "t.A * uuid:u @dispvm:uuid:u allow\nt.A * * uuid:u ask\nt.A * uuid:d * deny\n";
  Policy const policy = *load_policy(files, {{"/p"}, std::nullopt});
  for (char const* caller : {"one", "two", "dom0"}) {
    for (char const* wish : {"one", "two", "uuid:u", "uuid:d", "@dispvm:one", "@dispvm:two", "@dispvm:uuid:u"}) {
      Request const request = *Request::parse(caller, wish, "t.A");
      Qube const& source = *info.find(caller);
      Target const target = resolve(request.target(), info);
      auto const all = slowly(policy, request, source, &target, info);
      EXPECT_EQ(policy.index().first_match("t.A", "+", source, target, info), all.empty() ? std::nullopt : std::optional(all.front()))
          << caller << " " << wish;
    }
  }
}

}  // namespace
}  // namespace bh::policy::test
