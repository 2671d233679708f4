# SPDX-License-Identifier: LGPL-2.1-or-later
"""The browser's side of test_browser.py: starts the daemon, visits hosts, prints JSON.

It is a program of its own because it runs in another network namespace. Its one argument is
{"command": […], "hosts": […], "bind": [HOST, COMMAND], "pictures": DIRECTORY, "log": FILE}.
"""

import json
import pathlib
import sys
import time

import support
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

ARGUMENTS = ["--headless=new", "--no-sandbox", "--window-size=1280,800",
             "--host-resolver-rules=MAP * 127.0.0.1", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--no-first-run"]


def browser():
    options = Options()
    options.binary_location = "/usr/lib/chromium/chromium"
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(60)
    return driver


def press(driver, selector):
    """Click what leads to another page, and wait until that is there."""
    page = driver.find_element(By.TAG_NAME, "html")
    driver.find_element(By.CSS_SELECTOR, selector).click()
    wait = WebDriverWait(driver, 30)
    wait.until(expected_conditions.staleness_of(page))
    wait.until(lambda d: d.execute_script("return document.readyState") == "complete")


def read_mail(driver, domain, picture):
    """Log in, read the first message, log out."""
    seen = {"title": driver.title}
    driver.find_element(By.NAME, "user").send_keys("user@" + domain)
    driver.find_element(By.NAME, "password").send_keys("secret")
    press(driver, "main button")
    driver.save_screenshot(picture % "inbox")
    seen["user"] = driver.find_element(By.ID, "who").text
    seen["subjects"] = [link.text for link in driver.find_elements(By.CSS_SELECTOR, "td a")]
    press(driver, "td a")
    driver.save_screenshot(picture % "message")
    seen["message_title"] = driver.title
    seen["text"] = driver.find_element(By.TAG_NAME, "pre").text
    terms = driver.find_elements(By.CSS_SELECTOR, "footer dt")
    values = driver.find_elements(By.CSS_SELECTOR, "footer dd")
    seen["connection"] = {term.text: value.text for term, value in zip(terms, values)}
    press(driver, "header button")
    seen["after_logout"] = driver.title
    # The Content-Security-Policy would complain here about whatever a page should not hold.
    seen["complaints"] = [entry["message"] for entry in driver.get_log("browser")]
    return seen


def warning(driver):
    """The code that the browser's warning page shows, or None on a page."""
    codes = driver.find_elements(By.ID, "error-code")
    return codes[0].text if codes else None


def visit_and_bind(host, command, port, pictures):
    """Visit, bind the host's domain, and visit again until the warning is gone.

    last: how long after the bind the last visit began that was still warned of, or None.
    """
    driver = browser()
    picture = str(pathlib.Path(pictures) / (host + "-%s.png"))
    try:
        driver.get("https://%s:%d/" % (host, port))
        driver.save_screenshot(picture % "before")
        seen = {"before": warning(driver), "last": None}
        support.run(command, check=True)
        bound = time.monotonic()
        seen["after"] = seen["before"]
        while seen["after"] and time.monotonic() - bound < support.CLIENT_TIMEOUT:
            begun = time.monotonic() - bound
            driver.get("https://%s:%d/" % (host, port))
            seen["after"] = warning(driver)
            if seen["after"]:
                seen["last"] = begun
        driver.save_screenshot(picture % "after")
        return {**seen, "title": driver.title}
    finally:
        driver.quit()


def visit(host, port, pictures):
    driver = browser()
    picture = str(pathlib.Path(pictures) / (host + "-%s.png"))
    try:
        driver.get("https://%s:%d/" % (host, port))
        driver.save_screenshot(picture % "first")
        if warning(driver):
            return {"warning": warning(driver)}
        return {"warning": None, **read_mail(driver, host[len("webmail."):], picture)}
    finally:
        driver.quit()


def main():
    plan = json.loads(sys.argv[1])
    with support.Daemon(plan["command"], ["https"], plan["log"]) as daemon:
        results = {host: visit(host, daemon.port("https"), plan["pictures"])
                   for host in plan["hosts"]}
        results["bind"] = visit_and_bind(*plan["bind"], daemon.port("https"), plan["pictures"])
    print(json.dumps(results))


main()
