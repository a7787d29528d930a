// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @dev ERC-5192: tokens that can be locked to their owner.
interface IERC5192 {
    event Locked(uint256 tokenId);
    event Unlocked(uint256 tokenId);

    function locked(uint256 tokenId) external view returns (bool);
}

/// @title Tickets as tokens: minted by a ticket office, frozen before doors open, consumed at first use.
/// @notice A token's first 32 bits are the number of its event. Nobody can burn one or move one that is not theirs, no role included.
/// What comes in batches is sent again after failures of any kind, so a batch skips, and names, what cannot be done (any more) and does
/// the rest; the single calls revert instead.
contract PosternTicket is ERC721, AccessControl, IERC5192 {
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");
    /// @notice The gates' side: locks, unlocks and consumes.
    bytes32 public constant GATE_ROLE = keccak256("GATE_ROLE");
    /// @notice Says from when on the tokens of an event stay where they are.
    bytes32 public constant FREEZER_ROLE = keccak256("FREEZER_ROLE");

    uint256 public constant BATCH_MAX = 200;

    /// @notice From this second on (Unix time) tokens of the event are not transferred; 0: never.
    mapping(uint32 event_ => uint64) public frozenFrom;
    mapping(uint256 tokenId => bool) public consumed;
    mapping(uint256 tokenId => bool) private _locked;

    /// @notice `ticketReference`: which ticket it stands for, as the ticket office alone can read it.
    event Minted(uint256 indexed tokenId, bytes32 ticketReference);
    event Consumed(uint256 indexed tokenId);
    /// @notice Of a batch: the token exists already (mint), is consumed already, or does not exist (consume).
    event Skipped(uint256 indexed tokenId);
    event Frozen(uint32 indexed event_, uint64 from);

    error AlreadyConsumed(uint256 tokenId);
    error TokenLocked(uint256 tokenId);
    error TransfersFrozen(uint256 tokenId, uint64 from);
    error BatchUnfit();

    constructor(string memory name_, string memory symbol_, address admin) ERC721(name_, symbol_) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(MINTER_ROLE, admin);
        _grantRole(GATE_ROLE, admin);
        _grantRole(FREEZER_ROLE, admin);
    }

    function mint(address to, uint256 tokenId, bytes32 ticketReference) external onlyRole(MINTER_ROLE) {
        _mint(to, tokenId);
        emit Minted(tokenId, ticketReference);
    }

    /// @notice Skips tokens that exist, whoever has them: the same batch twice mints once.
    function mintBatch(
        address[] calldata to,
        uint256[] calldata tokenIds,
        bytes32[] calldata ticketReferences
    ) external onlyRole(MINTER_ROLE) {
        uint256 count = tokenIds.length;
        if (count > BATCH_MAX || to.length != count || ticketReferences.length != count) revert BatchUnfit();
        for (uint256 i = 0; i < count; i++) {
            uint256 tokenId = tokenIds[i];
            if (_ownerOf(tokenId) != address(0)) {
                emit Skipped(tokenId);
                continue;
            }
            _mint(to[i], tokenId);
            emit Minted(tokenId, ticketReferences[i]);
        }
    }

    function consume(uint256 tokenId) external onlyRole(GATE_ROLE) {
        _requireOwned(tokenId);
        if (consumed[tokenId]) revert AlreadyConsumed(tokenId);
        _consume(tokenId);
    }

    /// @notice Skips tokens that are consumed or do not exist: one that somebody else has consumed holds up no other.
    function consumeBatch(uint256[] calldata tokenIds) external onlyRole(GATE_ROLE) {
        if (tokenIds.length > BATCH_MAX) revert BatchUnfit();
        for (uint256 i = 0; i < tokenIds.length; i++) {
            uint256 tokenId = tokenIds[i];
            if (consumed[tokenId] || _ownerOf(tokenId) == address(0)) emit Skipped(tokenId);
            else _consume(tokenId);
        }
    }

    function lock(uint256 tokenId) external onlyRole(GATE_ROLE) {
        _requireOwned(tokenId);
        _locked[tokenId] = true;
        emit Locked(tokenId);
    }

    function unlock(uint256 tokenId) external onlyRole(GATE_ROLE) {
        _requireOwned(tokenId);
        _locked[tokenId] = false;
        emit Unlocked(tokenId);
    }

    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return _locked[tokenId];
    }

    /// @notice 0 lifts it, for an event that was put off.
    function freeze(uint32 event_, uint64 from) external onlyRole(FREEZER_ROLE) {
        frozenFrom[event_] = from;
        emit Frozen(event_, from);
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, AccessControl) returns (bool) {
        // ERC-5192 names its own id: 0xb45a3c0e.
        return interfaceId == 0xb45a3c0e || super.supportsInterface(interfaceId);
    }

    function _consume(uint256 tokenId) private {
        consumed[tokenId] = true;
        emit Consumed(tokenId);
    }

    /// @dev Mints pass: a ticket may be sold at the door.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from == address(0)) return from;
        if (_locked[tokenId]) revert TokenLocked(tokenId);
        uint64 frozen = frozenFrom[uint32(tokenId >> 224)];
        if (frozen != 0 && block.timestamp >= frozen) revert TransfersFrozen(tokenId, frozen);
    }
}
