#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Open one page with headless Chromium, which trusts the demonstration CA, as a person would.

Prints "warning CODE" when the browser warns, "message read" when the user could log in and read
the message with the subject, "page" when only a page was asked for, else what went wrong.
"""

import argparse
import os
import signal
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = ["--headless=new", "--no-sandbox", "--window-size=1280,800",
         "--host-resolver-rules=MAP * 127.0.0.1", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps",
         "--disable-dev-shm-usage", "--no-first-run"]


def start_browser():
    options = Options()
    options.binary_location = "/usr/lib/chromium/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    browser.set_page_load_timeout(20)
    browser.implicitly_wait(0)
    return browser


def leave(browser, action):
    """Do what leads to another page, and wait until that is there."""
    page = browser.find_element(By.TAG_NAME, "html")
    action()
    wait = WebDriverWait(browser, 20)
    wait.until(expected_conditions.staleness_of(page))
    wait.until(lambda b: b.execute_script("return document.readyState") == "complete")


def log_in(browser, user, password):
    field = browser.find_element(By.CSS_SELECTOR, "input[type=password]")
    name = browser.find_element(
        By.CSS_SELECTOR, "input:not([type]), input[type=text], input[type=email]")
    name.send_keys(user)
    field.send_keys(password)
    leave(browser, field.submit)


def read_message(browser, words, shot):
    log_in(browser, words.user, words.password)
    links = browser.find_elements(By.PARTIAL_LINK_TEXT, words.subject)
    shot("inbox")
    if not links:
        return "no message in the inbox: " + browser.find_element(By.TAG_NAME, "body").text
    leave(browser, links[0].click)
    shot("message")
    text = browser.find_element(By.TAG_NAME, "body").text
    if words.subject not in text or "verified" not in text:
        return "another page than the message: " + text
    return "message read"


def visit(browser, words):
    def shot(what):
        name = "-".join([words.name, what] if what else [words.name])
        browser.save_screenshot(os.path.join(words.screenshots, name + ".png"))

    browser.get(words.url)
    warnings = browser.find_elements(By.ID, "error-code")
    shot("")
    if warnings:
        return "warning " + warnings[0].text
    return read_message(browser, words, shot) if words.user else "page"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ["home", "screenshots", "name"]:
        parser.add_argument("--" + option, required=True)
    for option in ["user", "password", "subject"]:
        parser.add_argument("--" + option)
    parser.add_argument("url")
    words = parser.parse_args()
    os.environ["HOME"] = words.home
    # So that a time-out ends the browser too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    browser = start_browser()
    try:
        print(visit(browser, words))
    finally:
        browser.quit()


main()
