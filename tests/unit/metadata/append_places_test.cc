#include "metadata/append_places.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(AppendPlacesTest, RecordsGoBehindTheSizeAndBehindEachOther) {
  AppendPlaces places;
  EXPECT_EQ(places.take(10, 5), 10u);
  EXPECT_EQ(places.take(10, 7), 15u);
  EXPECT_EQ(places.take(100, 1), 100u);
}

TEST(AppendPlacesTest, TheLastPlaceGivenBackIsTakenAgain) {
  AppendPlaces places;
  EXPECT_EQ(places.take(10, 5), 10u);
  places.give_back(10, 5);
  EXPECT_EQ(places.take(10, 7), 10u);
}

TEST(AppendPlacesTest, PlacesGivenBackInAnyOrderAreAllTakenAgain) {
  AppendPlaces places;
  for (std::uint64_t place = 0; place < 50; place += 10) EXPECT_EQ(places.take(0, 10), place);
  for (const std::uint64_t place : {20, 0, 40, 10, 30}) places.give_back(place, 10);
  EXPECT_EQ(places.take(0, 10), 0u);
}

TEST(AppendPlacesTest, APlaceBeforeARecordThatStandsStaysAHole) {
  AppendPlaces places;
  EXPECT_EQ(places.take(0, 10), 0u);
  EXPECT_EQ(places.take(0, 10), 10u);
  places.give_back(0, 10);
  EXPECT_EQ(places.take(0, 10), 20u);
  places.give_back(20, 10);
  EXPECT_EQ(places.take(0, 10), 20u);
}

TEST(AppendPlacesTest, WhatWasNeverTakenCannotBeGivenBack) {
  AppendPlaces places;
  EXPECT_EQ(places.take(0, 10), 0u);
  places.give_back(5, 10);
  places.give_back(10, 10);
  places.give_back(3, 0);
  places.give_back(~std::uint64_t{0}, 2);
  EXPECT_EQ(places.take(0, 10), 10u);
}

}  // namespace
}  // namespace mayfly
