#include "base/intrusive_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace mayfly {
namespace {

struct Element : ListHook {
  explicit Element(int number) : value(number) {}
  int value;
};

std::vector<int> drain(IntrusiveList<Element>& list) {
  std::vector<int> values;
  while (Element* element = list.pop_front()) values.push_back(element->value);
  return values;
}

class IntrusiveListTest : public ::testing::Test {
 protected:
  Element one_{1};
  Element two_{2};
  Element three_{3};
  IntrusiveList<Element> list_;
};

TEST_F(IntrusiveListTest, ElementsLeaveInTheOrderTheyCame) {
  for (Element* element : {&one_, &two_, &three_}) list_.push_back(element);
  EXPECT_EQ(list_.front(), &one_);
  EXPECT_EQ(drain(list_), (std::vector{1, 2, 3}));
  EXPECT_TRUE(list_.empty());
  EXPECT_FALSE(one_.is_linked());
}

TEST_F(IntrusiveListTest, AnEmptyListHasNoFront) {
  EXPECT_EQ(list_.front(), nullptr);
  EXPECT_EQ(list_.pop_front(), nullptr);
}

TEST_F(IntrusiveListTest, AnElementLeavesFromAnywhere) {
  for (Element* element : {&one_, &two_, &three_}) list_.push_back(element);
  two_.unlink();
  two_.unlink();
  EXPECT_EQ(drain(list_), (std::vector{1, 3}));
}

TEST_F(IntrusiveListTest, ADestroyedElementLeavesByItself) {
  auto gone = std::make_unique<Element>(9);
  list_.push_back(&one_);
  list_.push_back(gone.get());
  list_.push_back(&two_);
  gone.reset();
  EXPECT_EQ(drain(list_), (std::vector{1, 2}));
}

TEST_F(IntrusiveListTest, ADestroyedListLeavesItsElementsUnlinked) {
  {
    IntrusiveList<Element> shorter;
    shorter.push_back(&one_);
    shorter.push_back(&two_);
  }
  EXPECT_FALSE(one_.is_linked());
  list_.push_back(&one_);
  EXPECT_EQ(drain(list_), std::vector{1});
}

TEST_F(IntrusiveListTest, AppendMovesAllToTheEnd) {
  IntrusiveList<Element> other;
  list_.push_back(&one_);
  other.push_back(&two_);
  other.push_back(&three_);
  list_.append(other);
  EXPECT_TRUE(other.empty());
  list_.append(other);
  EXPECT_EQ(drain(list_), (std::vector{1, 2, 3}));
}

TEST_F(IntrusiveListTest, AnElementIsInOneListAtATime) {
  list_.push_back(&one_);
  IntrusiveList<Element> other;
  EXPECT_DEATH(other.push_back(&one_), "is_linked");
}

}  // namespace
}  // namespace mayfly
