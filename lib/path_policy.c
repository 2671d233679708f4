/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_rule.h"
#include <string.h>

/* More policies than this at one level are as good as none. */
enum { POLICIES_MAX = 128 };

static const char any_policy[] = "2.5.29.32.0";

/*
 * RFC 5280, 6.1, of policies only, for clients that take any: of the valid policy tree only the
 * policies that its lowest level expects are needed to know when it becomes empty.
 */
struct policy_state {
	const char *expected[POLICIES_MAX];
	size_t length; /* 0: the tree is empty, and stays so */
	int explicit_policy, policy_mapping, inhibit_any; /* certificates until each counts */
};

static bool expects(const struct policy_state *state, const char *policy)
{
	for (size_t i = 0; i < state->length; i++) {
		if (strcmp(state->expected[i], policy) == 0)
			return true;
	}
	return false;
}

static void expect(struct policy_state *state, const char *policy)
{
	if (state->length < POLICIES_MAX && !expects(state, policy))
		state->expected[state->length++] = policy;
}

static const char *policy_peek(const struct fact_names *list, size_t index)
{
	return (const char *)list->items[index].data;
}

/* 6.1.3 (d) and (e) */
static void policies_process(struct policy_state *state, const struct fact *fact, bool may_be_any)
{
	struct policy_state next = { .length = 0 };
	bool has_any = false;

	for (size_t i = 0; i < fact->policies.length; i++) {
		const char *policy = policy_peek(&fact->policies, i);

		if (strcmp(policy, any_policy) == 0)
			has_any = true;
		else if (expects(state, policy) || expects(state, any_policy))
			expect(&next, policy);
	}
	for (size_t i = 0; i < state->length && has_any && may_be_any; i++)
		expect(&next, state->expected[i]);
	memcpy(state->expected, next.expected, sizeof(next.expected));
	state->length = next.length;
}

static void forget(struct policy_state *state, const char *policy)
{
	for (size_t i = 0; i < state->length; i++) {
		if (strcmp(state->expected[i], policy) == 0) {
			state->expected[i] = state->expected[--state->length];
			return;
		}
	}
}

/* 6.1.4 (a) and (b). Returns false for a mapping that must not be. */
static bool mappings_process(struct policy_state *state, const struct fact *fact)
{
	struct policy_state before = *state;

	for (size_t i = 0; i < fact->mapped_from.length; i++) {
		const char *from = policy_peek(&fact->mapped_from, i);

		if (strcmp(from, any_policy) == 0 ||
			strcmp(policy_peek(&fact->mapped_to, i), any_policy) == 0)
			return false;
		forget(state, from);
	}
	for (size_t i = 0; i < fact->mapped_from.length && state->policy_mapping > 0; i++) {
		if (expects(&before, policy_peek(&fact->mapped_from, i)) ||
			expects(&before, any_policy))
			expect(state, policy_peek(&fact->mapped_to, i));
	}
	return true;
}

static void count_down(int *counter)
{
	if (*counter > 0)
		--*counter;
}

static void limit(int *counter, int value)
{
	if (value < *counter)
		*counter = value;
}

/* 6.1.4 (h) to (j) */
static void counters_prepare(struct policy_state *state, const struct fact *fact)
{
	if (!fact_is_self_issued(fact)) {
		count_down(&state->explicit_policy);
		count_down(&state->policy_mapping);
		count_down(&state->inhibit_any);
	}
	limit(&state->explicit_policy, fact->require_policy);
	limit(&state->policy_mapping, fact->inhibit_mapping);
	limit(&state->inhibit_any, fact->inhibit_any);
}

static bool path_is_valid(const struct path_link *path, size_t length)
{
	struct policy_state state = { { any_policy }, 1, (int)length, (int)length, (int)length };

	for (size_t i = length - 1; i-- > 0;) {
		const struct fact *fact = path[i].fact;

		policies_process(&state, fact,
			state.inhibit_any > 0 || (i > 0 && fact_is_self_issued(fact)));
		if (state.explicit_policy == 0 && state.length == 0)
			return false;
		if (i == 0)
			break;
		if (!mappings_process(&state, fact))
			return false;
		counters_prepare(&state, fact);
	}
	/* 6.1.5 (a), (b) and (g) */
	count_down(&state.explicit_policy);
	if (path[0].fact->require_policy == 0)
		state.explicit_policy = 0;
	return state.explicit_policy > 0 || state.length > 0;
}

void policy_check_path(const struct path_link *path, size_t length, struct path_report *report)
{
	if (!path_is_valid(path, length))
		report_add(report, FINDING_PROFILE,
			"The chain demands a certificate policy, and none is valid for all of it.");
}
