import { chromium, type Browser, type Page } from 'playwright-core';
import { chromium as program } from './chromium.js';

/** Of a Chromium that has no screen, no network but ours, and nothing to ask. */
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ ...(program !== undefined && { executablePath: program }), args: FLAGS });
}

/** Everything that went wrong in a page so far: errors on its console, and requests that were not answered well. */
export function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('requestfailed', (request) => faults.push(`${request.url()} failed`));
  page.on('response', (response) => {
    if (!response.ok()) faults.push(`${response.url()} is ${response.status()}`);
  });
  return faults;
}
