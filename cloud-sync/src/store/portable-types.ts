// Column types that mean the same on PostgreSQL as on SQLite, whatever a migration calls them and whatever the database's own defaults
// are: text sorts and compares by its bytes (COLLATE "C"), so that paging, keys and hashes may rely on one order, and every integer
// has 64 bits, so that no number is taken by one and refused by the other.
import {
  DataTypeNode,
  OperationNodeTransformer,
  sql,
  type ColumnDefinitionNode,
  type KyselyPlugin,
  type OperationNode,
  type QueryId,
  type RootOperationNode,
} from 'kysely';

class PortableTypes extends OperationNodeTransformer {
  protected override transformColumnDefinition(node: ColumnDefinitionNode, queryId?: QueryId): ColumnDefinitionNode {
    return super.transformColumnDefinition({ ...node, dataType: portable(node.dataType) }, queryId);
  }
}

function portable(type: OperationNode): OperationNode {
  if (!DataTypeNode.is(type)) return type;
  if (type.dataType === 'text') return sql`text collate "C"`.toOperationNode();
  return type.dataType === 'integer' ? DataTypeNode.create('bigint') : type;
}

export function createPortableTypes(): KyselyPlugin {
  const transformer = new PortableTypes();
  return {
    transformQuery: ({ node, queryId }): RootOperationNode => transformer.transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  };
}
