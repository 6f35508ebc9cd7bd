#include "runner/analyse/rules/go/map_source.h"

#include <gtest/gtest.h>

namespace edp::analyse::go {
namespace {

TEST(MapSource, NamesTheMapOfALine) {
  EXPECT_EQ(map_in_line("	p.prices[item*7919] = int64(item) // prices"), "p.prices");
  EXPECT_EQ(map_in_line("for id, s := range t.sessions {"), "t.sessions");
  EXPECT_EQ(map_in_line("for _, v := range m { // of seen[0]"), "m");
  EXPECT_EQ(map_in_line("delete(c.items, key)"), "c.items");
  EXPECT_EQ(map_in_line("if v, ok := c.items[key]; ok {"), "c.items");
  EXPECT_EQ(map_in_line("total += head[1:4] // no index"), "");
  EXPECT_EQ(map_in_line("// m[k] in words only"), "");
  EXPECT_EQ(map_in_line("mu.Lock()"), "");
}

constexpr std::string_view kFile = R"(package main

type store struct {
	mu    sync.Mutex
	items map[string]int
	order []string
}

func (s *store) put(k string) {
	s.mu.Lock()
	s.order[0] = k
	s.items[k]++
	s.mu.Unlock()
	s.items[k] = 0
}

func (s *store) all() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.items {
		use(k)
	}
}

func (s *store) none() {
	s.mu.Lock()
	s.order[1] = ""
	s.mu.Unlock()
}

func after(s *store) { s.items["a"] = 1 }
)";

TEST(MapSource, FindsTheMapBetweenLockAndUnlock) {
  const auto put = find_map(kFile, 10, 13);
  ASSERT_TRUE(put);
  EXPECT_EQ(put->name, "s.items");
  EXPECT_EQ(put->line, 12);  // the slice before it is declared as one
  EXPECT_FALSE(put->iterates);
  const auto all = find_map(kFile, 18, 0);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->line, 20);
  EXPECT_TRUE(all->iterates);
  EXPECT_FALSE(find_map(kFile, 26, 0)) << "beyond the function's end";
  EXPECT_FALSE(find_map(kFile, 10, 12));
  EXPECT_FALSE(find_map("", 1, 0));
}

}  // namespace
}  // namespace edp::analyse::go
