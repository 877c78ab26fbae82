import { chromium, type Browser, type Page } from 'playwright-core';
import { chromium as program } from './chromium.js';

/** Flags of a headless Chromium without background network traffic and prompts. */
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ ...(program !== undefined && { executablePath: program }), args: FLAGS });
}

/** Errors of a page so far: console errors and failed requests. */
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
