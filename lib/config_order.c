/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include <string.h>

/*
 * The grammar of libconfig 1.5 to 1.7 (grammar.y), as far as it decides where a string may stand.
 * libconfig 1.5 leaks a string that it reads at a wrong place, so it must not come to it. All else
 * that is wrong is left to libconfig, which stops there with nothing pending; what only some
 * versions take (a comma before the end of an array) counts as right.
 */
enum order_place {
	ORDER_SETTING, /* a name, or the end of the group */
	ORDER_EQUALS,
	ORDER_VALUE, /* after "=" */
	ORDER_ELEMENT, /* in a list or an array: a value, or its end */
	ORDER_AFTER /* a value */
};

static bool order_in_group(const struct config_order *order)
{
	return order->depth == 0 || order->closers[order->depth - 1] == '}';
}

static const char *order_open(struct config_order *order, char closer)
{
	if (order->depth == sizeof(order->closers))
		return "too many brackets in one another; expected at most 64";
	order->closers[order->depth++] = closer;
	order->place = closer == '}' ? ORDER_SETTING : ORDER_ELEMENT;
	return NULL;
}

static const char *order_value(struct config_order *order, char token)
{
	order->place = ORDER_AFTER;
	switch (token) {
	case '(':
		return order_open(order, ')');
	case '[':
		return order_open(order, ']');
	case '{':
		return order_open(order, '}');
	case CONFIG_ORDER_STRING:
	case CONFIG_ORDER_SCALAR:
		return NULL;
	default:
		order->is_over = true;
		return NULL;
	}
}

/* What may follow a value, or begin a setting. */
static void order_other(struct config_order *order, char token)
{
	bool in_group = order_in_group(order);
	bool after_value = order->place == ORDER_AFTER;

	if (order->depth > 0 && token == order->closers[order->depth - 1]) {
		order->depth--;
		order->place = ORDER_AFTER;
	} else if (in_group && token == CONFIG_ORDER_NAME) {
		order->place = ORDER_EQUALS;
	} else if (in_group && after_value && (token == ';' || token == ',')) {
		order->place = ORDER_SETTING;
	} else if (!in_group && after_value && token == ',') {
		order->place = ORDER_ELEMENT;
	} else {
		order->is_over = true;
	}
}

const char *config_order_step(struct config_order *order, char token)
{
	enum order_place place = (enum order_place)order->place;

	if (order->is_over)
		return NULL;
	if (token == CONFIG_ORDER_STRING && place != ORDER_VALUE && place != ORDER_ELEMENT)
		return CONFIG_SYNTAX_ERROR;
	if (place == ORDER_EQUALS) {
		order->place = ORDER_VALUE;
		order->is_over = token != '=' && token != ':';
		return NULL;
	}
	if (place == ORDER_VALUE)
		return order_value(order, token);
	if (place == ORDER_ELEMENT && strchr(")]", token) == NULL)
		return order_value(order, token);
	order_other(order, token);
	return NULL;
}
