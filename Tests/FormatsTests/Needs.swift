import Testing
import TestSupport

extension Trait where Self == ConditionTrait {
    /// Skips a test where a tool is missing, and says what to install; with VITRINE_REQUIRE_TOOLS=1
    /// the test runs all the same, and fails for want of the tool.
    static func needs(_ tools: Tool...) -> Self {
        let advice = tools.filter { !$0.isInstalled }.map(\.advice).joined(separator: "; ")
        return .enabled(if: advice.isEmpty || Tool.areRequired, "\(advice)")
    }
}
