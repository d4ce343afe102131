/* Of processes that are killed for memory while their service lives on. */
#ifndef BULKHEAD_TESTS_SIM_CHECK_VICTIMS_H
#define BULKHEAD_TESTS_SIM_CHECK_VICTIMS_H

#include "core/fleet.h"

struct sim;
#define VICTIMS_KEPT 16

/* Processes killed for memory while the service lived on, as they were told. */
struct toll_book {
    int64_t told; // in total
    uint32_t count;
    instant at[VICTIMS_KEPT];
    bool is_loose;   // its policy and what the kernel was told are apart: nobody counts
    int64_t victims; // so many ended it; 0: not so
};

void note_victims(struct sim *sim, const struct event *event);
void check_victims(struct sim *sim, uint32_t member);
void check_start(struct sim *sim, uint32_t member);          // there in time, or killed
bool is_ended_by_us(const struct sim *sim, uint32_t member); // and nobody asked for it

#endif
