/** Keeps filters out that the local database cannot answer from an index, even if they name the `_id`. */
export default {
  meta: { name: 'slow-filters' },
  rules: {
    'no-slow-operator': {
      create: (context) => ({
        Property(node) {
          if (!/^\$(and|or|nor|expr)$/.test(node.key.name ?? '')) return;
          context.report({
            node,
            message:
              'SecantusDB goes through the whole collection for a filter that has it, even if the filter names the _id. Say it with $in, $not and $elemMatch, or ask twice.',
          });
        },
      }),
    },
  },
};
