// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

/// Is told how a transfer goes on. Called on the thread of the transfer, often while the guest
/// stands still: it has to return soon.
@FunctionalInterface
public interface TransferListener {
  /// Takes no notice.
  TransferListener NONE = event -> {};

  /// Something happened. What this throws ends the transfer as any other failure does.
  void on(TransferEvent event);
}
