import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', '.local', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-properties': [
        'error',
        ...['findOneAndUpdate', 'findOneAndReplace', 'findOneAndDelete'].map((property) => ({
          property,
          message:
            'SecantusDB goes through the whole collection for it, which makes every lead slower than the one before. Use updateOne with the condition, then findOne.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Property[key.name=/^\\$(and|or|nor|expr)$/]',
          message:
            'SecantusDB goes through the whole collection for a filter that has it, also where the filter names the _id. Say it with $in, $not and $elemMatch, or ask twice.',
        },
      ],
      // Activities and handlers are async by contract, also where one of them has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        module: 'writable',
      },
    },
  },
);
