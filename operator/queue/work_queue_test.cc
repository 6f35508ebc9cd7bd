#include "operator/queue/work_queue.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace edp::queue {
namespace {

TEST(Backoff, DoublesFromFiveMillisecondsToAThousandSeconds) {
  const Backoff backoff;
  const struct {
    int32_t failures;
    double seconds;
  } cases[] = {{0, 0},     {-3, 0},      {1, 0.005}, {2, 0.01},   {3, 0.02},
               {10, 2.56}, {18, 655.36}, {19, 1000}, {100, 1000}, {INT32_MAX, 1000}};
  for (const auto& c : cases) EXPECT_DOUBLE_EQ(backoff.delay(c.failures), c.seconds) << c.failures;
}

TEST(WorkQueue, GivesKeysInTheOrderOfTheirTimesThenOfTheirAddition) {
  WorkQueue queue;
  queue.add_at("late", 20, 0);
  queue.add("b", 1);
  queue.add("a", 1);
  queue.add_at("soon", 10, 0);
  EXPECT_EQ(queue.next_due(), 1);
  EXPECT_EQ(queue.pop(0.5), std::nullopt);
  EXPECT_EQ(queue.pop(1), "b");
  EXPECT_EQ(queue.pop(1), "a");
  EXPECT_EQ(queue.pop(9.99), std::nullopt);
  EXPECT_EQ(queue.pop(30), "soon");
  EXPECT_EQ(queue.pop(30), "late");
  EXPECT_EQ(queue.pop(30), std::nullopt);
  EXPECT_EQ(queue.next_due(), std::nullopt);
}

TEST(WorkQueue, KeepsAKeyOnceAndTheEarlierTimeWins) {
  WorkQueue queue;
  queue.add_at("x", 50, 0);
  queue.add_at("x", 60, 0);  // later: nothing changes
  EXPECT_EQ(queue.next_due(), 50);
  queue.add("x", 2);
  EXPECT_EQ(queue.next_due(), 2);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.figures(2).adds, 1U);
  EXPECT_EQ(queue.pop(2), "x");
  EXPECT_TRUE(queue.empty());
  queue.add("x", 3);
  EXPECT_EQ(queue.figures(3).adds, 2U);
}

TEST(WorkQueue, ATimeThatIsPastIsNow) {
  WorkQueue queue;
  queue.add("first", 99);
  queue.add_at("x", 3, 100);  // does not overtake what waits since 99
  EXPECT_EQ(queue.pop(100), "first");
  EXPECT_EQ(queue.pop(100), "x");
  EXPECT_DOUBLE_EQ(queue.figures(100).wait_seconds, 1);
}

TEST(WorkQueue, FailuresGrowTheDelayOfTheirKeyOnlyUntilForgotten) {
  WorkQueue queue;
  EXPECT_DOUBLE_EQ(queue.add_failed("x", 0), 0.005);
  EXPECT_EQ(queue.pop(0.005), "x");
  EXPECT_DOUBLE_EQ(queue.add_failed("x", 1), 0.01);
  EXPECT_DOUBLE_EQ(queue.add_failed("y", 1), 0.005);
  EXPECT_EQ(queue.failures("x"), 2);
  EXPECT_EQ(queue.pop(1.1), "y");
  EXPECT_EQ(queue.pop(1.1), "x");
  queue.forget("x");
  queue.forget("never seen");
  EXPECT_EQ(queue.failures("x"), 0);
  EXPECT_DOUBLE_EQ(queue.add_failed("x", 2), 0.005);
  EXPECT_EQ(queue.figures(2).retries, 4U);
}

TEST(WorkQueue, TheCallerMayCapADelay) {
  WorkQueue queue;
  for (int i = 0; i < 15; ++i) (void)queue.add_failed("x", 0);
  EXPECT_DOUBLE_EQ(queue.add_failed("x", 0, 3), 3);
  EXPECT_GT(queue.add_failed("x", 0), 300);
}

TEST(WorkQueue, AnEventOvertakesABackoff) {
  WorkQueue queue;
  for (int i = 0; i < 15; ++i) {
    queue.add_failed("x", 0);
    (void)queue.pop(1e6);
  }
  queue.add_failed("x", 0);
  queue.add("x", 1);
  EXPECT_EQ(queue.pop(1), "x");
}

TEST(WorkQueue, ForgetsWhatIsRemoved) {
  WorkQueue queue;
  queue.add_failed("x", 0);
  queue.add("y", 0);
  queue.remove("x");
  queue.remove("nothing");
  EXPECT_EQ(queue.failures("x"), 0);
  EXPECT_EQ(queue.pop(10), "y");
  EXPECT_EQ(queue.pop(10), std::nullopt);
}

TEST(WorkQueue, CountsWhatIsReadyAndWhatIsNot) {
  WorkQueue queue;
  queue.add("a", 1);
  queue.add("b", 3);
  queue.add_at("c", 9, 1);
  const QueueFigures figures = queue.figures(5);
  EXPECT_EQ(figures.depth, 2U);
  EXPECT_EQ(figures.delayed, 1U);
  EXPECT_DOUBLE_EQ(figures.oldest_age, 4);
}

// Against a model without any cleverness.
TEST(WorkQueue, AgreesWithAPlainModel) {
  std::mt19937 random(20261125);
  struct Entry {
    std::string key;
    double due;
    int number;
  };
  for (int round = 0; round < 50; ++round) {
    WorkQueue queue;
    std::vector<Entry> model;
    double now = 0;
    int number = 0;
    for (int step = 0; step < 400; ++step) {
      now += static_cast<double>(random() % 3);
      const std::string key = std::to_string(random() % 12);
      const auto found =
          std::find_if(model.begin(), model.end(), [&](const Entry& e) { return e.key == key; });
      switch (random() % 4) {
        case 0:
        case 1: {
          const double due = now + static_cast<double>(random() % 20);
          queue.add_at(key, due, now);
          if (found == model.end()) {
            model.push_back({key, due, number++});
          } else {
            found->due = std::min(found->due, due);
          }
          break;
        }
        case 2: {
          const auto first = std::min_element(model.begin(), model.end(), [](const Entry& a, const Entry& b) {
            return std::pair(a.due, a.number) < std::pair(b.due, b.number);
          });
          const auto popped = queue.pop(now);
          if (first == model.end() || first->due > now) {
            ASSERT_EQ(popped, std::nullopt);
          } else {
            ASSERT_EQ(popped, first->key);
            model.erase(first);
          }
          break;
        }
        default:
          queue.remove(key);
          if (found != model.end()) model.erase(found);
      }
      ASSERT_EQ(queue.size(), model.size());
    }
  }
}

}  // namespace
}  // namespace edp::queue
